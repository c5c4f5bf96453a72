"""Pictures as uint8 arrays: grids of images, scatter plots of points."""

import itertools
import math

import numpy as np
import tensorflow as tf

_SIDE = 1024  # pixels, the longest side of a grid of images
_PLOT = 512  # pixels, the side of a scatter plot
_GAP = 2  # pixels between images, in grey
_GROUPS = 4  # most groups of images in a row
_DOT = 1  # pixels around the center of a point


def count_that_fits(shape, wanted=64):
    """Returns how many examples a picture of at most 1024 x 1024 pixels should show.

    Args:
        shape: (height, width, channels) of an image, or (dimensions,) of a point.
        wanted: Most images to show.
    """
    if len(shape) != 3:
        return 2000
    rows, columns = grid_capacity(shape)
    return min(wanted, rows * columns)


def picture(examples, reference=None, columns=None):
    """Draws examples as one picture.

    Args:
        examples: Images [N, H, W, C] in [-1, 1], or points [N, 2].
        reference: Points [M, 2] to draw in grey behind the others.
        columns: Number of images in a row; see `grid`.

    Returns:
        uint8 array [height, width, channels], or `None` for vectors of another dimension
        than 2.
    """
    if examples.ndim == 4:
        return grid(examples, columns)
    return scatter(examples, reference) if examples.shape[1] == 2 else None


def grid_capacity(shape):
    """Returns (rows, columns): how many images of a shape fit in 1024 x 1024 pixels."""
    return tuple(columns_that_fit(side) for side in shape[:2])


def columns_that_fit(width):
    """Returns how many images of a width fit side by side in 1024 pixels, at least 1."""
    return max(1, _SIDE // (width + _GAP))


def grid(images, columns=None):
    """Lays out images in a grid, row by row.

    Args:
        images: Array [N, H, W, C] in [-1, 1] or uint8.
        columns: Number of images in a row. Default: about as many as there are rows.

    Returns:
        uint8 array [height, width, C] with thin grey lines between the images. Empty cells are
        grey.
    """
    count, height, width, channels = images.shape
    columns = columns or max(1, min(columns_that_fit(width), math.ceil(math.sqrt(count))))
    rows = math.ceil(count / columns)
    padded = ((0, rows * columns - count), (0, _GAP), (0, _GAP), (0, 0))
    images = images if images.dtype == np.uint8 else to_bytes(images)
    canvas = np.pad(images, padded, constant_values=128)
    canvas = canvas.reshape(rows, columns, height + _GAP, width + _GAP, channels).swapaxes(1, 2)
    canvas = canvas.reshape(rows * (height + _GAP), columns * (width + _GAP), channels)
    return canvas[:-_GAP, :-_GAP]


def pairs_that_fit(shape, together=2):
    """Returns how many groups of images fit in a picture of `side_by_side`.

    Args:
        shape: (height, width, channels) of an image.
        together: Number of images in a group.
    """
    rows, _ = grid_capacity(shape)
    return rows * _groups_in_a_row(shape[1], together)


def side_by_side(*sets):
    """Lays out groups of images: the first image of each set, then the second of each, ...

    Smaller images are padded with grey at the right and at the bottom. Grey images become RGB
    if others are in color.

    Args:
        *sets: Arrays [N, H, W, C] in [-1, 1] or uint8, with equal N. H, W and C may differ.

    Returns:
        uint8 array [height, width, C].
    """
    sets = [images if images.dtype == np.uint8 else to_bytes(images) for images in sets]
    height, width, channels = (max(images.shape[i] for images in sets) for i in (1, 2, 3))
    padded = []
    for images in sets:
        missing = [(0, 0), (0, height - images.shape[1]), (0, width - images.shape[2]), (0, 0)]
        images = np.pad(_with_channels(images, channels), missing, constant_values=128)
        padded.append(images)
    together = np.stack(padded, axis=1).reshape(-1, height, width, channels)
    groups = min(len(sets[0]), _groups_in_a_row(width, len(sets)))
    return grid(together, len(sets) * groups)


def _groups_in_a_row(width, together):
    return max(1, min(_GROUPS, columns_that_fit(width) // together))


def _with_channels(images, channels):
    """Converts uint8 images to a number of channels: grey to RGB, RGB to opaque RGBA."""
    if images.shape[-1] == 1 and channels > 1:
        images = np.repeat(images, 3, axis=-1)
    if images.shape[-1] == 3 and channels == 4:
        images = np.concatenate([images, np.full_like(images[..., :1], 255)], axis=-1)
    return images


def to_bytes(images):
    """Converts images from [-1, 1] to uint8, with rounding."""
    return np.round((np.clip(images, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)


def scatter(points, reference=None):
    """Plots points [N, 2]: `reference` in grey, `points` in blue over it.

    The reference and a margin set the frame, so that all pictures of a run have the same scale.
    Points outside the frame are not drawn.
    """
    framed = points if reference is None else reference
    center = (framed.min(axis=0) + framed.max(axis=0)) / 2.0
    half = max(1.15 * np.max(framed.max(axis=0) - center), 1e-6)
    canvas = np.full((_PLOT, _PLOT, 3), 255, np.uint8)
    for layer, color in ((reference, (200, 200, 200)), (points, (20, 70, 200))):
        if layer is None:
            continue
        place = np.round((layer - center) / half * (_PLOT / 2) + _PLOT / 2)
        middle = np.stack([_PLOT - 1 - place[:, 1], place[:, 0]], axis=1)
        middle = middle[np.all((middle >= _DOT) & (middle < _PLOT - _DOT), axis=1)].astype(int)
        for row, column in itertools.product(range(-_DOT, _DOT + 1), repeat=2):
            canvas[middle[:, 0] + row, middle[:, 1] + column] = color
    return canvas


def png(picture):
    """Encodes a uint8 array [height, width, channels] as PNG and returns the bytes."""
    return tf.io.encode_png(picture).numpy()
