"""Density and coverage: do samples lie near real examples, and near how many of them?"""

from typing import NamedTuple

import numpy as np

from keras_gan.metrics.distances import TILE, closer, kth_squared, tiles
from keras_gan.metrics.inputs import check_count, check_neighbours, check_pair


class DensityCoverage(NamedTuple):
    """Density (at least 0, expected 1) and coverage (in [0, 1]); see `density_coverage`."""

    density: float
    coverage: float


def density_coverage(real, fake, k=5, tile=TILE):
    """Computes density and coverage; Naeem et al. 2020, section 3.

    Each real example has a ball around it, with the distance to its k-th nearest
    real neighbour as radius. Density is the mean number of balls that contain a
    sample, divided by k; it is less sensitive to outliers among the real examples
    than precision. Coverage is the share of balls that contain at least one sample.
    Samples from the real distribution have an expected density of 1 and, if there
    are as many samples as real examples, a coverage of about 1 - 2^-k. A sample at
    a distance equal to the radius (up to 1e-9 of its square) counts as outside.

    Args:
        real: Features of real examples, [N, D].
        fake: Features of samples, [M, D].
        k: Which nearest neighbour sets the radius; below N.
        tile: Number of examples on each side of a block of distances. It limits
            memory and does not change the result.

    Returns:
        A `DensityCoverage`: density in [0, N / k], coverage in [0, 1].

    Raises:
        UserError: If the features are not finite matrices with the same D, or k is
            N or more.
    """
    real, fake = check_pair(real, fake)
    check_neighbours("real", real, k)
    check_count("tile", tile)
    radii = kth_squared(real, k, tile)
    inside, covered = 0, np.zeros(len(real), bool)
    for rows, _, squared in tiles(real, fake, tile):
        within = closer(squared, radii[rows, None])
        inside += int(np.count_nonzero(within))
        covered[rows] |= within.any(axis=1)
    return DensityCoverage(inside / (k * len(fake)), float(covered.mean()))
