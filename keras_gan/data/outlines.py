"""Digits and outlines of other digits: two small domains without pairs, and no download.

`strokes` are half of the digits of scikit-learn as they are, `edges` the outlines of the other
half. So no outline in `edges` belongs to a digit in `strokes`, but the right translation of each
digit is known: `outline` computes it.
"""

import numpy as np
from scipy import ndimage

from keras_gan.data import arrays, digits
from keras_gan.data.source import ArraySource

_CROSS = ndimage.generate_binary_structure(2, 1)  # A pixel and its four neighbours.


def outline(images):
    """Returns the outlines of images, the external morphological gradient.

    A pixel gets the largest value among itself and its four neighbours, less its own: it is
    bright just outside of a stroke.

    Args:
        images: uint8 array [N, height, width, 1].

    Returns:
        uint8 array of the same shape.
    """
    footprint = _CROSS[np.newaxis, ..., np.newaxis]
    return ndimage.grey_dilation(images, footprint=footprint) - images


def load(name, split, preparation):
    """Returns `strokes` or `edges` as a `Source`; the splits are those of `digits`."""
    images, labels = digits.arrays(split)
    images, labels = images[name == "edges" :: 2], labels[name == "edges" :: 2]
    if name == "edges":
        images = outline(images)
    names = tuple(str(digit) for digit in range(10))
    return ArraySource(name, arrays.prepare(images, preparation), labels, names)
