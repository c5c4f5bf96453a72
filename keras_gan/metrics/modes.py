"""Modes that samples reach: of a mixture of Gaussians, or by a classifier."""

from typing import NamedTuple

import numpy as np

from keras_gan.errors import UserError
from keras_gan.metrics.inputs import check_count, check_dimensions, check_features

_ROWS = 4096
_HIGH_QUALITY = 3.0  # Standard deviations from the nearest center.


class ModeCoverage(NamedTuple):
    """Modes with a high-quality sample, share of such samples, KL(samples || uniform)."""

    modes: int
    high_quality: float
    reverse_kl: float


class ClassCoverage(NamedTuple):
    """Classes predicted at least once, and KL(predicted || uniform) in nats."""

    modes: int
    reverse_kl: float


def mode_coverage(samples, centers, std):
    """Coverage of a mixture of equal Gaussians, as in Lin et al. 2018 (PacGAN), section 4.1.

    A sample belongs to the nearest center, and is of high quality if less than
    three standard deviations away. 2,500 samples are usual. A perfect sampler in
    the plane has 98.89 % of high quality and, of N samples on K modes, a KL of
    about (K - 1) / 2N.

    Args:
        samples: [N, D].
        centers: [K, D], as from `keras_gan.data.mixtures.centers`.
        std: Standard deviation of each Gaussian, in units of the samples.

    Returns:
        A `ModeCoverage`: modes in [0, K] (those with one high-quality sample at
        least), share in [0, 1], and the sum of p log(K p) in nats over the
        shares p of the high-quality samples, in [0, log K]; NaN without any.

    Raises:
        UserError: For samples or centers that are not finite matrices of one
            dimension, or `std` not above 0.
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
    """Coverage of equally likely classes, from a classifier's predictions.

    The protocol of Stacked MNIST, Metz et al. 2017 and Srivastava et al. 2017
    (VEEGAN): a mode counts as found when it is predicted once. For images that
    stack three digits see `stacked_labels`. A perfect sampler's KL is about
    (classes - 1) / 2N: 0.0192 for 26,000 samples on 1,000 classes.

    Args:
        labels: Predicted classes, integers [N] in [0, classes).
        classes: Their number K, the modes of the data.

    Returns:
        A `ClassCoverage`: modes in [1, K], KL in nats, in [0, log K].

    Raises:
        UserError: For labels that are not integers [N] within the range, or none.
    """
    check_count("classes", classes)
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "iu":
        raise UserError(
            f"labels must be integers of the shape [examples]. Received: {labels.dtype} of shape "
            f"{labels.shape}. Take the most likely class, as with probabilities.argmax(axis=1)."
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise UserError(
            f"labels must be from 0 to {classes - 1}. Received: {labels.min()} to {labels.max()}."
        )
    counts = np.bincount(labels.astype(np.int64), minlength=classes)
    return ClassCoverage(int(np.count_nonzero(counts)), _divergence(counts))


def stacked_labels(digits):
    """Returns the class of stacked digits: 100 a + 10 b + c for digits [N, 3], as [N]."""
    digits = np.asarray(digits)
    if digits.ndim != 2 or digits.shape[1] != 3 or digits.dtype.kind not in "iu":
        raise UserError(
            "digits must be integers of the shape [examples, 3], one of each channel. Received: "
            f"{digits.dtype} of shape {digits.shape}."
        )
    if digits.size and not (digits.min() >= 0 and digits.max() <= 9):
        raise UserError(f"digits must be 0 to 9. Received: {digits.min()} to {digits.max()}.")
    return digits.astype(np.int64) @ np.array([100, 10, 1])


def _divergence(counts):
    if not counts.any():
        return float("nan")
    shares = counts[counts > 0] / counts.sum()
    # Rounding alone can make it negative.
    return max(float((shares * np.log(shares * len(counts))).sum()), 0.0)
