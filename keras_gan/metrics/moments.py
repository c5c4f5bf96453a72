"""Running mean and covariance of features that come in batches."""

import numpy as np
from scipy.linalg import blas

from keras_gan.errors import UserError
from keras_gan.metrics.inputs import check_count, check_dimensions, check_features

_ROWS = 4096  # Examples converted to float64 at a time.
_TOLERANCE = 1e-6  # Largest relative asymmetry allowed in a given covariance.


class Moments:
    """Running mean and covariance of features, in float64.

    Memory is D * D numbers, however many examples come. Batches are added by the
    pairwise update of Chan, Golub and LeVeque 1979, equation 2.1, which stays exact
    when the mean is far from zero. Every split into batches gives the same result
    up to rounding.

    Attributes:
        count: Number of examples so far.
        mean: Their mean, [D]; None before the first batch.
    """

    def __init__(self):
        self.count = 0
        self.mean = None
        # Sum over examples of the outer products of (example - mean); upper triangle only.
        self._scatter = None

    @classmethod
    def known(cls, mean, covariance, count):
        """Returns moments from a mean and covariance computed elsewhere, such as published ones.

        Args:
            mean: [D].
            covariance: Unbiased (divided by count - 1), [D, D], symmetric.
            count: Number of examples they were computed from, at least 2.

        Raises:
            UserError: If the shapes do not fit or the covariance is not symmetric.
        """
        check_count("count", count, least=2)
        mean = check_features("mean", np.atleast_2d(mean))[0].astype(np.float64)
        covariance = check_features("covariance", covariance).astype(np.float64)
        if covariance.shape != (len(mean), len(mean)):
            raise UserError(
                f"covariance must have the shape [D, D], where D = {len(mean)} is the size of the "
                f"mean. Received: {covariance.shape}."
            )
        if np.abs(covariance - covariance.T).max() > _TOLERANCE * np.abs(covariance).max():
            raise UserError(
                "covariance must be symmetric. Received: a matrix that is not. Check that it is a "
                "covariance, not its root, and complete."
            )
        moments = cls()
        moments.count, moments.mean = int(count), mean
        scatter = (covariance + covariance.T) / 2.0 * (count - 1)
        moments._scatter = np.asfortranarray(scatter)
        return moments

    def update(self, batch):
        """Adds a batch of features.

        Args:
            batch: [N, D] of any real type, N at least 1.

        Returns:
            Itself.

        Raises:
            UserError: If the dimension differs from earlier batches, or values are not finite.
        """
        batch = check_features("batch", batch)
        if self.count:
            check_dimensions(len(self.mean), batch.shape[1], ("earlier batches", "batch"))
        for start in range(0, len(batch), _ROWS):
            rows = batch[start : start + _ROWS].astype(np.float64)
            count, mean = len(rows), rows.mean(axis=0)
            rows -= mean
            if self.count:
                # Append the shift of the mean as a row, to save a separate outer product.
                weight = np.sqrt(self.count * count / (self.count + count))
                rows = np.vstack([rows, weight * (mean - self.mean)])
            if self._scatter is None:
                self._scatter = np.zeros((batch.shape[1],) * 2, order="F")
            # Update one triangle in place, so that small batches are cheap.
            self._scatter = blas.dsyrk(1.0, rows.T, beta=1.0, c=self._scatter, overwrite_c=True)
            self._add(count, mean)
        return self

    def merge(self, other):
        """Adds the examples of other `Moments`, for example of another process; returns itself."""
        if not isinstance(other, Moments):
            raise UserError(f"Expected Moments to merge. Received: {type(other).__name__}.")
        if other.count:
            if self.count:
                check_dimensions(len(self.mean), len(other.mean), ("these", "the other moments"))
            scatter = other._scatter.copy(order="F")
            if self.count:
                shift = other.mean - self.mean
                weight = self.count * other.count / (self.count + other.count)
                scatter += self._scatter + np.outer(shift, weight * shift)
            self._scatter = scatter
            self._add(other.count, other.mean)
        return self

    @property
    def covariance(self):
        """Unbiased covariance, [D, D] float64; needs at least two examples."""
        if self.count < 2:
            raise UserError(
                f"A covariance needs at least 2 examples. Received: {self.count}. Update the "
                "moments with more."
            )
        upper = np.triu(self._scatter)
        return (upper + np.triu(upper, 1).T) / (self.count - 1)

    def _add(self, count, mean):
        start = self.mean if self.count else np.zeros_like(mean)
        self.mean = start + (mean - start) * (count / (self.count + count))
        self.count += count
