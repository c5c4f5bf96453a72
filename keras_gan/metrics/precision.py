"""Precision and recall of samples by the neighbourhoods of their features."""

from typing import NamedTuple

import numpy as np

from keras_gan.metrics.distances import TILE, closer, kth_squared, tiles
from keras_gan.metrics.inputs import check_count, check_neighbours, check_pair

NEIGHBOURS = 3  # The authors' k.


class PrecisionRecall(NamedTuple):
    """Shares of samples that look real, and of real examples that samples reach; in [0, 1]."""

    precision: float
    recall: float


def precision_recall(real, fake, k=NEIGHBOURS, tile=TILE):
    """Improved precision and recall; Kynkaanniemi et al. 2019, equations 1 and 2.

    The manifold of a set is the union of balls around its examples, each
    reaching to the k-th nearest other one. Precision is the share of samples
    inside that of the real examples, recall the reverse. A distance equal to the
    radius (up to 1e-9 of its square) is outside, as in Naeem et al.'s code.

    Args:
        real: Features [N, D].
        fake: Features [M, D]; the numbers move with N and M, so keep them equal
            and compare at the same ones.
        k: Neighbour that bounds a ball, below both N and M.
        tile: Examples on each side of a block; it bounds memory and leaves the
            result as it is.

    Returns:
        A `PrecisionRecall`.

    Raises:
        UserError: For features that are not finite matrices of one dimension, or
            k of N or M or more.
    """
    real, fake = check_pair(real, fake)
    check_neighbours("real", real, k)
    check_neighbours("fake", fake, k)
    check_count("tile", tile)
    real_radii, fake_radii = kth_squared(real, k, tile), kth_squared(fake, k, tile)
    looks_real, reached = np.zeros(len(fake), bool), np.zeros(len(real), bool)
    for rows, columns, squared in tiles(real, fake, tile):
        looks_real[columns] |= closer(squared, real_radii[rows, None]).any(axis=0)
        reached[rows] |= closer(squared, fake_radii[columns]).any(axis=1)
    return PrecisionRecall(float(looks_real.mean()), float(reached.mean()))
