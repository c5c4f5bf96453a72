"""Mode coverage: how many Gaussians of a mixture, or classes, the samples reach."""

from typing import NamedTuple

import numpy as np

from keras_gan.errors import UserError
from keras_gan.metrics.inputs import check_count, check_dimensions, check_features

_ROWS = 4096  # Samples converted to float64 at a time.
_HIGH_QUALITY = 3.0  # Largest distance from the nearest center, in standard deviations.


class ModeCoverage(NamedTuple):
    """Number of modes reached, share of high-quality samples, KL(samples || uniform) in nats."""

    modes: int
    high_quality: float
    reverse_kl: float


class ClassCoverage(NamedTuple):
    """Number of classes predicted at least once, and KL(predicted || uniform) in nats."""

    modes: int
    reverse_kl: float


def mode_coverage(samples, centers, std):
    """Measures how well samples cover a mixture of equal Gaussians.

    Lin et al. 2018 (PacGAN), section 4.1. A sample belongs to its nearest center. It
    is of high quality if it is less than three standard deviations away. 2,500
    samples are usual. In two dimensions 98.89 % of a perfect sampler's samples are of
    high quality; its KL for N samples and K modes is about (K - 1) / 2N.

    Args:
        samples: [N, D].
        centers: [K, D], for example from `keras_gan.data.mixtures.centers`.
        std: Standard deviation of each Gaussian, in units of the samples.

    Returns:
        A `ModeCoverage`: the number of modes with at least one high-quality sample,
        in [0, K]; the share of high-quality samples, in [0, 1]; and the KL in nats, in
        [0, log K]: the sum of p log(K p), where p is a mode's share of the
        high-quality samples. The KL is NaN without any high-quality sample.

    Raises:
        UserError: If samples or centers are not finite matrices with the same D, or
            `std` is not above 0.
    """
    samples = check_features("samples", samples)
    centers = check_features("centers", centers).astype(np.float64)
    check_dimensions(samples.shape[1], centers.shape[1], ("samples", "centers"))
    if not (isinstance(std, int | float | np.number) and np.isfinite(std) and std > 0.0):
        raise UserError(f"std must be a finite number above 0. Received: {std!r}.")
    counts = np.zeros(len(centers), np.int64)
    for start in range(0, len(samples), _ROWS):
        rows = samples[start : start + _ROWS].astype(np.float64)
        squared = np.stack([((rows - center) ** 2).sum(axis=1) for center in centers], axis=1)
        near = squared.min(axis=1) < (_HIGH_QUALITY * std) ** 2
        counts += np.bincount(squared.argmin(axis=1)[near], minlength=len(centers))
    modes, divergence = int(np.count_nonzero(counts)), _divergence(counts)
    return ModeCoverage(modes, float(counts.sum() / len(samples)), divergence)


def class_coverage(labels, classes):
    """Measures how well samples cover equally likely classes, from a classifier's predictions.

    This is the protocol of Stacked MNIST, Metz et al. 2017 and Srivastava et al. 2017
    (VEEGAN): a class counts as found if it is predicted at least once. For images that
    stack three digits see `stacked_labels`. A perfect sampler's KL is about
    (classes - 1) / 2N: 0.0192 for 26,000 samples and 1,000 classes.

    Args:
        labels: Predicted classes, integers [N] in [0, classes).
        classes: Number of classes K; each is one mode of the data.

    Returns:
        A `ClassCoverage`: the number of classes found, in [1, K], and the KL in nats,
        in [0, log K].

    Raises:
        UserError: If the labels are not integers [N] in this range, or there are none.
    """
    check_count("classes", classes)
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "iu":
        raise UserError(
            f"labels must be integers of the shape [examples]. Received: {labels.dtype} of shape "
            f"{labels.shape}. Take the most likely class, such as probabilities.argmax(axis=1)."
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise UserError(
            f"labels must be from 0 to {classes - 1}. Received: {labels.min()} to {labels.max()}."
        )
    counts = np.bincount(labels.astype(np.int64), minlength=classes)
    return ClassCoverage(int(np.count_nonzero(counts)), _divergence(counts))


def stacked_labels(digits):
    """Returns the Stacked MNIST class 100 a + 10 b + c, [N], of three digits (a, b, c), [N, 3]."""
    digits = np.asarray(digits)
    if digits.ndim != 2 or digits.shape[1] != 3 or digits.dtype.kind not in "iu":
        raise UserError(
            "digits must be integers of the shape [examples, 3], one for each channel. Received: "
            f"{digits.dtype} of shape {digits.shape}."
        )
    if digits.size and not (digits.min() >= 0 and digits.max() <= 9):
        raise UserError(f"digits must be 0 to 9. Received: {digits.min()} to {digits.max()}.")
    return digits.astype(np.int64) @ np.array([100, 10, 1])


def _divergence(counts):
    if not counts.any():
        return float("nan")
    shares = counts[counts > 0] / counts.sum()
    # Clip at 0: rounding can make it negative.
    return max(float((shares * np.log(shares * len(counts))).sum()), 0.0)
