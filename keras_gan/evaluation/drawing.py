"""Draws samples beside training examples, and histograms of classes."""

import numpy as np

from keras_gan import metrics
from keras_gan.drawing import charts, pictures
from keras_gan.evaluation.measures import class_shares

_PAIRS = 32  # Samples beside their nearest training example.
_COLUMNS = 8
_REAL, _FAKE = (150, 150, 150), (20, 70, 200)


def nearest_neighbours(samples, training):
    """Draws the samples that are nearest to a training example, each above that example.

    Args:
        samples: uint8 images [N, H, W, C].
        training: uint8 images [M, H, W, C].
    """
    found = metrics.nearest_neighbours(samples, training)
    order = np.argsort(found.distances, kind="stable")[:_PAIRS]
    columns = max(1, min(_COLUMNS, pictures.columns_that_fit(samples.shape[2])))
    rows = []
    for start in range(0, len(order), columns):
        chosen = order[start : start + columns]
        blank = np.full((columns - len(chosen), *samples.shape[1:]), 255, np.uint8)
        rows += [samples[chosen], blank, training[found.indices[chosen]], blank]
    return pictures.grid(np.concatenate(rows), columns)


def class_histogram(real, fake):
    """Draws the shares of classes: real examples in grey, samples in blue."""
    series = [("real", _REAL, class_shares(real)), ("samples", _FAKE, class_shares(fake))]
    return charts.bars(series)
