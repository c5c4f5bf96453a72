"""Precision and recall: how many samples look real, and how many real examples are reached."""

from typing import NamedTuple

import numpy as np

from keras_gan.metrics.distances import TILE, closer, kth_squared, tiles
from keras_gan.metrics.inputs import check_count, check_neighbours, check_pair

NEIGHBOURS = 3  # The authors' k.


class PrecisionRecall(NamedTuple):
    """Precision and recall, both in [0, 1]; see `precision_recall`."""

    precision: float
    recall: float


def precision_recall(real, fake, k=NEIGHBOURS, tile=TILE):
    """Computes improved precision and recall; Kynkaanniemi et al. 2019, equations 1 and 2.

    Each example has a ball around it, with the distance to its k-th nearest neighbour
    in the same set as radius. The manifold of a set is the union of its balls.
    Precision is the share of samples inside the manifold of the real examples. Recall
    is the share of real examples inside the manifold of the samples. A distance equal
    to the radius (up to 1e-9 of its square) counts as outside, as in the code of Naeem
    et al.

    Args:
        real: Features of real examples, [N, D].
        fake: Features of samples, [M, D]. The results depend on N and M: choose N = M,
            and compare only results with the same numbers.
        k: Which nearest neighbour sets the radius; below both N and M.
        tile: Number of examples on each side of a block of distances. It limits
            memory and does not change the result.

    Returns:
        A `PrecisionRecall`.

    Raises:
        UserError: If the features are not finite matrices with the same D, or k is not
            below N and M.
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
