"""The kernel distance between two sets of features; with Inception features it is the KID."""

from typing import NamedTuple

import numpy as np

from keras_gan.errors import UserError
from keras_gan.metrics.inputs import check_count, check_pair


class KernelDistance(NamedTuple):
    """Mean over subsets, and the standard error of that mean (NaN for one subset)."""

    mean: float
    standard_error: float


def kernel_distance(real, fake, subsets=100, subset_size=1000, seed=0):
    """Computes the unbiased squared maximum mean discrepancy (MMD) with a cubic kernel.

    The kernel is k(x, y) = (x . y / D + 1)^3; Binkowski et al. 2018 (Demystifying MMD
    GANs), section 4. The estimator is Gretton et al. 2012, equation 3, averaged over
    random subsets. With the 2048 features of Inception it is the KID. Its expectation
    does not depend on the number of samples, so it suits small datasets. It can be
    below 0.

    Args:
        real: Features of real examples, [N, D].
        fake: Features of samples, [M, D].
        subsets: Number of subsets. Each is drawn from all examples.
        subset_size: Number of examples of each set in a subset, at least 2, without
            repetition. `subsets=1` with N = M = subset_size takes each example once.
        seed: Seed for drawing the subsets.

    Returns:
        A `KernelDistance`. Its error covers only the choice of subsets from these
        examples; other examples would vary more.

    Raises:
        UserError: If the features are not finite matrices with the same D, or a subset
            is larger than either set.
    """
    check_count("subsets", subsets)
    check_count("subset_size", subset_size, least=2)
    real, fake = check_pair(real, fake, least=2)
    if subset_size > min(len(real), len(fake)):
        raise UserError(
            f"subset_size must be at most the number of examples. Received: {subset_size} with "
            f"{len(real)} real and {len(fake)} generated. Give subset_size="
            f"{min(len(real), len(fake))} or less."
        )
    random = np.random.default_rng(seed)
    values = np.empty(subsets)
    for i in range(subsets):
        first = random.choice(len(real), subset_size, replace=False, shuffle=False)
        second = random.choice(len(fake), subset_size, replace=False, shuffle=False)
        values[i] = _discrepancy(real[first].astype(float), fake[second].astype(float))
    error = values.std(ddof=1) / np.sqrt(subsets) if subsets > 1 else np.nan
    return KernelDistance(float(values.mean()), float(error))


def _discrepancy(first, second):
    """Returns the unbiased squared MMD of two float64 sets of the same size."""
    count = len(first)
    within = _kernel(first, first), _kernel(second, second)
    pairs = sum(kernel.sum() - np.trace(kernel) for kernel in within)
    return pairs / (count * (count - 1)) - 2.0 * _kernel(first, second).mean()


def _kernel(first, second):
    values = first @ second.T / first.shape[1] + 1.0
    return values * values * values  # Ten times faster than values**3.
