"""The Frechet distance between two sets of features (FID, on Inception's)."""

import warnings

import numpy as np

from keras_gan.errors import UserError
from keras_gan.metrics.inputs import check_dimensions, check_features
from keras_gan.metrics.moments import Moments

_SIZES = 15  # Of the subsets from which to extrapolate, as published.


def frechet_distance(real, fake, extrapolate=False, seed=0):
    """Squared Frechet distance between Gaussians fitted to two sets of features.

    |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)) with unbiased covariances; Heusel et
    al. 2017 (TTUR), equation 6. On the 2048 features of the Inception network of
    2015 it is the FID; on any others it is not, and should be named otherwise.
    The estimate from N samples is too large by about a constant / N, so compare
    only numbers from equally many samples.

    With fewer than D + 1 samples a covariance is singular. The formula still
    holds and is used as it stands, without a ridge on the diagonal; but the
    excess is then far from small, and a warning names the numbers.

    Args:
        real: Features [N, D], or `Moments`.
        fake: Features [M, D], or `Moments`.
        extrapolate: Estimates the distance of infinitely many samples (Chong
            and Forsyth 2020): a line through the distances of 15 random
            subsets, against 1 / size, read off at 0. `fake` must be an array.
            Where `real` is one too, both shrink in proportion; `Moments` stay
            as they are, as published. The estimate is noisy and not clipped: it
            can be below 0.
        seed: Of the subsets.

    Returns:
        A float, in squared units of the features. At least 0, and 0 for equal
        moments, up to rounding (about 1e-7 of the features' variance).

    Raises:
        UserError: For features that are not finite matrices of one dimension D
            and two examples at least, or too few to extrapolate from.
    """
    if extrapolate:
        return _extrapolated(real, fake, seed)
    real, fake = _moments("real", real), _moments("fake", fake)
    check_dimensions(len(real.mean), len(fake.mean))
    return max(_distance(real, fake, _factor(real.covariance)), 0.0)


def _moments(name, features):
    """Returns the `Moments` of an array; warns where their covariance is singular."""
    if not isinstance(features, Moments):
        features = Moments().update(check_features(name, features, least=2))
    if features.count < 2:
        raise UserError(f"{name} must have at least 2 examples. Received: {features.count}.")
    dimensions = len(features.mean)
    if features.count < dimensions + 1:
        warnings.warn(
            f"{name} has {features.count} examples of {dimensions} dimensions: with fewer than "
            f"{dimensions + 1} the covariance is singular and the Frechet distance far too large. "
            "It is computed all the same; use kernel_distance, or more examples.",
            stacklevel=3,
        )
    return features


def _factor(covariance):
    """Returns F with F F' = covariance; rounding below zero counts as zero."""
    try:
        return np.linalg.cholesky(covariance)  # A tenth of the time of eigenvectors.
    except np.linalg.LinAlgError:  # Singular.
        values, vectors = np.linalg.eigh(covariance)
        return vectors * np.sqrt(np.maximum(values, 0.0))


def _distance(real, fake, factor):
    # With C = F F', C C' has the eigenvalues of the symmetric F' C' F, which are real
    # and well conditioned.
    product = factor.T @ fake.covariance @ factor
    values = np.linalg.eigvalsh((product + product.T) / 2.0)
    overlap = np.sqrt(np.maximum(values, 0.0)).sum()
    shift = real.mean - fake.mean
    traces = np.trace(real.covariance) + np.trace(fake.covariance)
    return float(shift @ shift + traces - 2.0 * overlap)


def _extrapolated(real, fake, seed):
    """Returns the intercept of the line through distances against 1 / size."""
    if isinstance(fake, Moments):
        raise UserError("extrapolate=True needs subsets of fake: an array. Received: Moments.")
    fake = check_features("fake", fake, least=2)
    fixed = isinstance(real, Moments)
    real = _moments("real", real) if fixed else check_features("real", real, least=2)
    dimensions = fake.shape[1]
    check_dimensions(len(real.mean) if fixed else real.shape[1], dimensions)
    count = len(fake) if fixed else min(len(fake), len(real))
    if count < 4 * dimensions:
        # Below 2 D the excess is not a line in 1 / size.
        raise UserError(
            f"extrapolate=True needs at least {4 * dimensions} examples of {dimensions} "
            f"dimensions. Received: {count}. Give more examples, or extrapolate=False."
        )
    random = np.random.default_rng(seed)
    fractions = np.linspace(max(0.1, 2 * dimensions / count), 1.0, _SIZES)
    factor = _factor(real.covariance) if fixed else None
    distances = []
    for fraction in fractions:
        subset = real if fixed else _subset(real, fraction, random)
        other = _subset(fake, fraction, random)
        subset_factor = factor if fixed else _factor(subset.covariance)
        distances.append(_distance(subset, other, subset_factor))
    return float(np.polyfit(1.0 / fractions, distances, 1)[1])


def _subset(features, fraction, random):
    size = max(2, round(fraction * len(features)))
    chosen = np.sort(random.choice(len(features), size, replace=False))
    return Moments().update(features[chosen])
