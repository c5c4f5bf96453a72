"""Measures of diversity: similarity between pairs of images, variance of features."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from keras_gan.errors import UserError
from keras_gan.metrics.inputs import check_count, check_features, check_images

_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_RADIUS = 5
_WINDOW = np.exp(-0.5 * (np.arange(-_RADIUS, _RADIUS + 1) / 1.5) ** 2)
_WINDOW /= _WINDOW.sum()
_PAIRS = 16  # Pairs compared at a time.
_ROWS = 4096  # Examples converted to float64 at a time.


class PairwiseSimilarity(NamedTuple):
    """Mean MS-SSIM over pairs, and its standard error (NaN for one pair)."""

    mean: float
    standard_error: float


def ms_ssim(first, second, value_range=(-1.0, 1.0), scales=5):
    """Computes the multi-scale structural similarity (MS-SSIM) of images, pair by pair.

    Wang, Simoncelli and Bovik 2003, equation 7. Windows are Gaussian, of 11 pixels
    (standard deviation 1.5) without padding; K1 = 0.01, K2 = 0.03. Each scale halves
    the images by the mean of 2x2 pixels; an odd last row or column is repeated.
    Values are computed per channel, then averaged. A negative term counts as 0,
    since its root is not real.

    Args:
        first: Images [N, H, W, C]. With 5 scales at least 161 pixels high and wide.
        second: Images of the same shape.
        value_range: Lowest and highest value that a pixel can have.
        scales: Number of scales, 5 as published. Smaller images need fewer: then the
            first weights are used, normalised; 1 is plain SSIM. Compare only values
            with the same number of scales.

    Returns:
        Similarities [N] float64 in [0, 1]; 1 for equal images.

    Raises:
        UserError: If the shapes differ, the images are too small for `scales`, or
            values are out of range.
    """
    first, second = check_images("first", first), check_images("second", second)
    if first.shape != second.shape:
        raise UserError(
            f"Both sets must have the same shape. Received: {first.shape}, {second.shape}."
        )
    for images in (first, second):
        _check_similarity(images, value_range, scales)
    blocks = [slice(start, start + _PAIRS) for start in range(0, len(first), _PAIRS)]
    return np.concatenate(
        [_similarity(first[rows], second[rows], value_range, scales) for rows in blocks]
    )


def pairwise_similarity(images, pairs=1000, value_range=(-1.0, 1.0), scales=5, seed=0):
    """Computes the mean MS-SSIM between images of one set; a high value means low diversity.

    Odena et al. 2017 (ACGAN), section 4.2; the paper takes 100 pairs within a class.
    Compare the value with that of real images.

    Args:
        images: [N, H, W, C], N at least 2; see `ms_ssim` for size and range.
        pairs: Number of random pairs of different images, without repetition. If there
            are fewer, all pairs are taken.
        value_range: Lowest and highest value that a pixel can have.
        scales: See `ms_ssim`.
        seed: Seed for drawing the pairs.

    Returns:
        A `PairwiseSimilarity`.

    Raises:
        UserError: As `ms_ssim`, and if there is only one image.
    """
    check_count("pairs", pairs)
    images = check_images("images", images)
    _check_similarity(images, value_range, scales)
    if len(images) < 2:
        raise UserError("A pair needs at least 2 images. Received: 1. Give more images.")
    possible = len(images) * (len(images) - 1) // 2
    if pairs < possible:
        chosen = np.random.default_rng(seed).choice(possible, pairs, replace=False)
    else:
        chosen = np.arange(possible)
    # The pair (i, j) with i < j has the number j (j - 1) / 2 + i.
    second = np.floor((1.0 + np.sqrt(1.0 + 8.0 * chosen)) / 2.0).astype(np.int64)
    first = chosen - second * (second - 1) // 2
    values = np.concatenate(
        [
            _similarity(images[first[rows]], images[second[rows]], value_range, scales)
            for rows in (slice(start, start + _PAIRS) for start in range(0, len(first), _PAIRS))
        ]
    )
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return PairwiseSimilarity(float(values.mean()), float(error))


def feature_variance(features):
    """Returns the unbiased variance of features [N, D], averaged over dimensions.

    N must be at least 2. The unit is the square of the features' unit. A collapsed
    generator gives 0. Compare the value with that of real examples.
    """
    features = check_features("features", features, least=2)
    mean = features.mean(axis=0, dtype=np.float64)
    total = 0.0
    for start in range(0, len(features), _ROWS):
        total += np.square(features[start : start + _ROWS] - mean).sum()
    return float(total / (len(features) - 1) / features.shape[1])


def _check_similarity(images, value_range, scales):
    check_count("scales", scales)
    if np.shape(value_range) != (2,) or not -np.inf < value_range[0] < value_range[1] < np.inf:
        raise UserError(f"value_range must be (lowest, highest). Received: {value_range!r}.")
    low, high = value_range
    if images.min() < low or images.max() > high:
        raise UserError(
            f"Pixels must be from {low:g} to {high:g}. Received: {images.min():g} to "
            f"{images.max():g}. Give their value_range, such as (0, 255) for bytes, or clip them."
        )
    side, fitting = min(images.shape[1:3]), 0
    while side >= len(_WINDOW) and fitting < len(_WEIGHTS):
        side, fitting = (side + 1) // 2, fitting + 1
    if scales > fitting:
        least = (len(_WINDOW) - 1) * 2 ** (scales - 1) + 1
        wanted = f"at least {least} pixels" if scales <= len(_WEIGHTS) else "at most 5 scales"
        advice = f"Use scales={fitting} and compare only values of {fitting} scales"
        raise UserError(
            f"MS-SSIM of {scales} scales needs {wanted}. Received: {images.shape[1]}x"
            f"{images.shape[2]} images. {advice if fitting else 'No number of scales fits'}."
        )


def _similarity(first, second, value_range, scales):
    low, high = value_range
    luminance, contrast = (0.01 * (high - low)) ** 2, (0.03 * (high - low)) ** 2
    first, second = (images.astype(np.float64) - low for images in (first, second))
    weights = _WEIGHTS[:scales] / (_WEIGHTS[:scales].sum() if scales < len(_WEIGHTS) else 1.0)
    result = 1.0
    for scale, weight in enumerate(weights):
        mean, other = _blur(first), _blur(second)
        covariance = _blur(first * second) - mean * other
        variances = _blur(first**2 + second**2) - mean**2 - other**2
        term = (2.0 * covariance + contrast) / (variances + contrast)
        if scale == scales - 1:
            term *= (2.0 * mean * other + luminance) / (mean**2 + other**2 + luminance)
        result = result * np.maximum(term.mean(axis=(1, 2)), 0.0) ** weight
        first, second = _halve(first), _halve(second)
    return result.mean(axis=1)


def _blur(images):
    for axis in (1, 2):
        images = ndimage.correlate1d(images, _WINDOW, axis=axis, mode="constant")
    return images[:, _RADIUS:-_RADIUS, _RADIUS:-_RADIUS]


def _halve(images):
    odd = [(0, 0), (0, images.shape[1] % 2), (0, images.shape[2] % 2), (0, 0)]
    images = np.pad(images, odd, mode="edge")
    rows = images[:, ::2] + images[:, 1::2]
    return (rows[:, :, ::2] + rows[:, :, 1::2]) / 4.0
