"""The Frechet distance between two sets of features; with Inception features it is the FID."""

import warnings

import numpy as np

from keras_gan.errors import UserError
from keras_gan.metrics.inputs import check_dimensions, check_features
from keras_gan.metrics.moments import Moments

_SIZES = 15  # Number of subset sizes to extrapolate from, as published.


def frechet_distance(real, fake, extrapolate=False, seed=0):
    """Computes the squared Frechet distance between Gaussians fitted to two sets of features.

    |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)) with unbiased covariances; Heusel et
    al. 2017 (TTUR), equation 6. With the 2048 features of the 2015 Inception network
    it is the FID; with other features it is not, so do not call it FID. The estimate
    from N samples is too large by about a constant / N, so compare only numbers from
    equally many samples.

    With fewer than D + 1 samples a covariance is singular. The formula still holds
    and is used unchanged, without adding to the diagonal. But the estimate is then
    far too large, and a warning says so.

    Args:
        real: Features [N, D], or `Moments`.
        fake: Features [M, D], or `Moments`.
        extrapolate: Whether to estimate the distance for infinitely many samples
            (Chong and Forsyth 2020). Fits a line to the distances of 15 random
            subsets against 1 / size and returns its value at 0. `fake` must be an
            array. If `real` is an array too, its subsets shrink in the same
            proportion; `Moments` are used in full, as published. The estimate is
            noisy and not clipped: it can be below 0.
        seed: Seed for drawing the subsets.

    Returns:
        A float, in squared units of the features. Without extrapolation it is at
        least 0, and 0 for equal moments up to rounding (about 1e-7 of the features'
        variance).

    Raises:
        UserError: If the features are not finite matrices with the same D and at
            least two examples, or are too few to extrapolate from.
    """
    if extrapolate:
        return _extrapolated(real, fake, seed)
    real, fake = _moments("real", real), _moments("fake", fake)
    check_dimensions(len(real.mean), len(fake.mean))
    return max(_distance(real, fake, _factor(real.covariance)), 0.0)


def _moments(name, features):
    """Returns the `Moments` of features; warns if their covariance is singular."""
    if not isinstance(features, Moments):
        features = Moments().update(check_features(name, features, least=2))
    if features.count < 2:
        raise UserError(f"{name} must have at least 2 examples. Received: {features.count}.")
    dimensions = len(features.mean)
    if features.count < dimensions + 1:
        warnings.warn(
            f"{name} has {features.count} examples of {dimensions} dimensions: with fewer than "
            f"{dimensions + 1} the covariance is singular and the Frechet distance is far too "
            "large. It is computed anyway. Give more examples, or use kernel_distance.",
            stacklevel=3,
        )
    return features


def _factor(covariance):
    """Returns F with F F' = covariance; negative eigenvalues, from rounding, count as zero."""
    try:
        return np.linalg.cholesky(covariance)  # Ten times faster than eigenvectors.
    except np.linalg.LinAlgError:  # Singular.
        values, vectors = np.linalg.eigh(covariance)
        return vectors * np.sqrt(np.maximum(values, 0.0))


def _distance(real, fake, factor):
    # With C = F F', the eigenvalues of C C' equal those of F' C' F. That matrix is
    # symmetric, so they are real and well conditioned.
    product = factor.T @ fake.covariance @ factor
    values = np.linalg.eigvalsh((product + product.T) / 2.0)
    overlap = np.sqrt(np.maximum(values, 0.0)).sum()
    shift = real.mean - fake.mean
    traces = np.trace(real.covariance) + np.trace(fake.covariance)
    return float(shift @ shift + traces - 2.0 * overlap)


def _extrapolated(real, fake, seed):
    """Fits a line to distances of subsets against 1 / size and returns its intercept."""
    if isinstance(fake, Moments):
        raise UserError(
            "extrapolate=True takes subsets of fake, which must be an array. Received: Moments. "
            "Give the features, or extrapolate=False."
        )
    fake = check_features("fake", fake, least=2)
    fixed = isinstance(real, Moments)
    real = _moments("real", real) if fixed else check_features("real", real, least=2)
    dimensions = fake.shape[1]
    check_dimensions(len(real.mean) if fixed else real.shape[1], dimensions)
    count = len(fake) if fixed else min(len(fake), len(real))
    if count < 4 * dimensions:
        # With fewer than 2 D examples the bias is not linear in 1 / size.
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
