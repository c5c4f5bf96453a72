"""Memorisation: distances of samples to their nearest training examples."""

from typing import NamedTuple

import numpy as np

from keras_gan.errors import UserError
from keras_gan.metrics.distances import TILE, nearest_others, tiles
from keras_gan.metrics.inputs import check_count, check_neighbours, check_pair

_DRAWN = 1000  # Number of training examples used for the median distance among them.


class NearestNeighbours(NamedTuple):
    """Distance and index of the nearest training example of each sample, [N]."""

    distances: np.ndarray
    indices: np.ndarray


class Memorisation(NamedTuple):
    """Compares the distances of samples to training examples with those among training examples.

    Attributes:
        sample_distance: Median distance of a sample to its nearest training example.
        training_distance: Median distance of a training example to the nearest other
            one, from up to 1,000 examples drawn at random.
        ratio: `sample_distance` / `training_distance`. About 1 for new samples of the
            same distribution, close to 0 for copies. NaN if both are 0.
        copies: Share of samples that equal a training example exactly.
        authenticity: Share of samples whose distance to their nearest training example
            is larger than the distance of that example to its own nearest neighbour
            (Alaa et al. 2022, section 4).
    """

    sample_distance: float
    training_distance: float
    ratio: float
    copies: float
    authenticity: float


def nearest_neighbours(samples, training, tile=TILE):
    """Returns the nearest training example of each sample, by Euclidean distance.

    Args:
        samples: Features or images, [N, ...]; images are compared pixel by pixel.
        training: The training examples, [M, ...] of the same shape.
        tile: Number of examples on each side of a block of distances; it limits memory.

    Returns:
        `NearestNeighbours`: distances as float64 in units of the features, and indices
        into `training` as int64. If several are equally near, one of them is returned.

    Raises:
        UserError: If values are not finite, a set is empty, or the shapes differ.
    """
    check_count("tile", tile)
    return _nearest(*_flat_pair(samples, training), tile)


def memorisation(samples, training, tile=TILE):
    """Measures whether samples are copies of training examples; see `Memorisation`.

    Args:
        samples: Features or images, [N, ...].
        training: The training examples, [M, ...], at least two.
        tile: Number of examples on each side of a block of distances; it limits memory.

    Raises:
        UserError: As `nearest_neighbours`.
    """
    check_count("tile", tile)
    samples, training = _flat_pair(samples, training)
    check_neighbours("training", training, 1)
    distances, indices = _nearest(samples, training, tile)
    drawn = np.random.default_rng(0).permutation(len(training))[:_DRAWN]
    chosen, place = np.unique(np.concatenate([drawn, indices]), return_inverse=True)
    among = np.sqrt(nearest_others(training, chosen, tile))[place]
    sample, own = float(np.median(distances)), float(np.median(among[: len(drawn)]))
    ratio = sample / own if own else (np.inf if sample else np.nan)
    return Memorisation(
        sample,
        own,
        float(ratio),
        float((distances == 0.0).mean()),
        float((distances > among[len(drawn) :]).mean()),
    )


def _nearest(samples, training, tile):
    best = np.full(len(samples), np.inf)
    indices = np.zeros(len(samples), np.int64)
    for rows, columns, squared in tiles(samples, training, tile):
        index = squared.argmin(axis=1)
        found = np.take_along_axis(squared, index[:, None], axis=1)[:, 0]
        nearer = found < best[rows]
        best[rows] = np.where(nearer, found, best[rows])
        indices[rows] = np.where(nearer, index + columns.start, indices[rows])
    return NearestNeighbours(np.sqrt(best), indices)


def _flat_pair(samples, training):
    samples, training = np.asarray(samples), np.asarray(training)
    if samples.shape[1:] != training.shape[1:]:
        raise UserError(
            "samples and training must have the same shape after the first axis. Received: "
            f"{samples.shape} and {training.shape}. Prepare both in the same way."
        )
    flat = [x.reshape(len(x), -1) if x.ndim > 2 and x.size else x for x in (samples, training)]
    return check_pair(*flat, names=("samples", "training"))
