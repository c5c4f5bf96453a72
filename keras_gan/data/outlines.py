"""The datasets `strokes` and `edges`: two small unpaired domains that need no download.

`strokes` holds half of scikit-learn's digits, `edges` the outlines of the other half. No outline
in `edges` belongs to a digit in `strokes`. The correct translation of a digit is still known:
`outline` computes it.
"""

import numpy as np
from scipy import ndimage

from keras_gan.data import arrays, digits
from keras_gan.data.source import ArraySource

_CROSS = ndimage.generate_binary_structure(2, 1)  # A pixel and its four neighbours.


def outline(images):
    """Computes the outlines of images, the external morphological gradient.

    The value of a pixel is the largest value among itself and its four neighbours, minus its own
    value. Pixels just outside a stroke are bright.

    Args:
        images: uint8 array [N, height, width, 1].

    Returns:
        uint8 array of the same shape.
    """
    footprint = _CROSS[np.newaxis, ..., np.newaxis]
    return ndimage.grey_dilation(images, footprint=footprint) - images


def load(name, split, preparation):
    """Loads `strokes` or `edges` as a `Source`. The splits are those of `digits`."""
    images, labels = digits.arrays(split)
    images, labels = images[name == "edges" :: 2], labels[name == "edges" :: 2]
    if name == "edges":
        images = outline(images)
    names = tuple(str(digit) for digit in range(10))
    return ArraySource(name, arrays.prepare(images, preparation), labels, names)
