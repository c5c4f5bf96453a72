"""The kernel distance between two sets of features (KID, on Inception's)."""

from typing import NamedTuple

import numpy as np

from keras_gan.errors import UserError
from keras_gan.metrics.inputs import check_count, check_pair


class KernelDistance(NamedTuple):
    """Mean over subsets, and its standard error (NaN for one subset)."""

    mean: float
    standard_error: float


def kernel_distance(real, fake, subsets=100, subset_size=1000, seed=0):
    """Unbiased squared maximum mean discrepancy under a cubic kernel.

    k(x, y) = (x . y / D + 1)^3; Binkowski et al. 2018 (Demystifying MMD GANs),
    section 4, with the estimator of Gretton et al. 2012, equation 3, averaged
    over random subsets. On Inception's 2048 features it is the KID. Its
    expectation does not depend on the number of samples, so it suits small
    datasets; it can be below 0.

    Args:
        real: Features [N, D].
        fake: Features [M, D].
        subsets: Number of subsets, drawn anew from all examples.
        subset_size: Examples of each set in a subset, without repetition;
            at least 2. `subsets=1` with N = M = subset_size takes each once.
        seed: Of the subsets.

    Returns:
        A `KernelDistance`. The error is that of drawing subsets from these
        examples; what other examples would give varies more.

    Raises:
        UserError: For features that are not finite matrices of one dimension D,
            or subsets larger than either set.
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
    """Returns the unbiased estimate from two float64 sets of the same size."""
    count = len(first)
    within = _kernel(first, first), _kernel(second, second)
    pairs = sum(kernel.sum() - np.trace(kernel) for kernel in within)
    return pairs / (count * (count - 1)) - 2.0 * _kernel(first, second).mean()


def _kernel(first, second):
    values = first @ second.T / first.shape[1] + 1.0
    return values * values * values  # A power takes ten times as long.
