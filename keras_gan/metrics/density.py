"""Density and coverage of samples by the neighbourhoods of real examples."""

from typing import NamedTuple

import numpy as np

from keras_gan.metrics.distances import TILE, closer, kth_squared, tiles
from keras_gan.metrics.inputs import check_count, check_neighbours, check_pair


class DensityCoverage(NamedTuple):
    """Balls around a sample, over k (from 0, 1 expected); share of balls with a sample."""

    density: float
    coverage: float


def density_coverage(real, fake, k=5, tile=TILE):
    """Density and coverage; Naeem et al. 2020, section 3.

    Both look at balls around real examples, each reaching to the k-th nearest
    other one. Density counts the balls in which a sample lies, divided by k: one
    outlier among the real examples spoils it less than precision. Coverage is
    the share of balls with a sample in them. Samples of the real distribution
    have density 1 and, with as many as real examples, coverage 1 - 2^-k about.
    A distance equal to the radius (up to 1e-9 of its square) is outside.

    Args:
        real: Features [N, D].
        fake: Features [M, D].
        k: Neighbour that bounds a ball, below N.
        tile: Examples on each side of a block; it bounds memory and leaves the
            result as it is.

    Returns:
        A `DensityCoverage`: density in [0, N / k], coverage in [0, 1].

    Raises:
        UserError: For features that are not finite matrices of one dimension, or
            k of N or more.
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
