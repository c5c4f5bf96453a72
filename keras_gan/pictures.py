"""Pictures as uint8 arrays: grids of images, scatter plots of points, lines over axes."""

import itertools
import math

import numpy as np
import tensorflow as tf

_SIDE = 1024  # pixels, the longest side of a grid of images
_PLOT = 512  # pixels, the side of a scatter plot
_GAP = 2  # pixels between images, in grey
_DOT = 1  # pixels around the middle of a point
_BELOW, _BESIDE, _MARGIN = 24, 44, 14  # pixels around a plot, the first two for numbers
_FINER = 3  # Lines are drawn on so many times as many pixels a side.
_THICK = 1.6  # pixels, a line
_INK = (60, 60, 60)
# Each digit is the rows of its picture, three dots as one octal digit.
_DIGITS = dict(
    zip(
        "0123456789-.",
        "75557 26227 71747 71717 55711 74717 74757 71111 75757 75717 00700 00002".split(),
        strict=True,
    )
)


def count_that_fits(shape, wanted=64):
    """Returns how many images of `shape` a grid shows within 1024 pixels a side."""
    if len(shape) != 3:
        return 2000
    rows, columns = (max(1, _SIDE // (side + _GAP)) for side in shape[:2])
    return min(wanted, rows * columns)


def picture(examples, reference=None):
    """Draws examples as one picture.

    Args:
        examples: Images [N, H, W, C] in [-1, 1], or points [N, 2].
        reference: Points [M, 2] to draw in grey behind the others.

    Returns:
        uint8 array [height, width, channels], or `None` for vectors that are
        not points in the plane.
    """
    if examples.ndim == 4:
        return grid(examples)
    return scatter(examples, reference) if examples.shape[1] == 2 else None


def grid(images):
    """Lays images out row by row, as nearly square as their number allows.

    Args:
        images: Array [N, H, W, C] in [-1, 1].

    Returns:
        uint8 array [height, width, C], with thin grey lines between the images;
        where there are none it is grey, too.
    """
    count, height, width, channels = images.shape
    columns = max(1, min(_SIDE // (width + _GAP), math.ceil(math.sqrt(count))))
    rows = math.ceil(count / columns)
    padded = ((0, rows * columns - count), (0, _GAP), (0, _GAP), (0, 0))
    canvas = np.pad(to_bytes(images), padded, constant_values=128)
    canvas = canvas.reshape(rows, columns, height + _GAP, width + _GAP, channels).swapaxes(1, 2)
    canvas = canvas.reshape(rows * (height + _GAP), columns * (width + _GAP), channels)
    return canvas[:-_GAP, :-_GAP]


def to_bytes(images):
    """Brings images from [-1, 1] to uint8, rounding."""
    return np.round((np.clip(images, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)


def scatter(points, reference=None):
    """Plots points in the plane: `reference` in grey, `points` in blue over it.

    The frame is that of the reference with a margin, so that pictures of one run
    compare; points outside it are left out.
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
    """Returns the PNG file of a uint8 array [height, width, channels], as bytes."""
    return tf.io.encode_png(picture).numpy()


def plot(curves, frame, ticks, size=(300, 400)):
    """Draws lines over axes with numbers.

    Args:
        curves: List of (color, x [N], y [N]), drawn one over the other; a color
            is (red, green, blue) of 0 to 255. NaN interrupts a line.
        frame: (left, right, bottom, top) in the units of x and y; what is
            outside is left out.
        ticks: Numbers to mark, (on the x axis, on the y axis), in the frame.
        size: (height, width) of the picture in pixels.

    Returns:
        uint8 array [height, width, 3].
    """
    left, right, bottom, top = frame
    height, width = size[0] - _BELOW - _MARGIN, size[1] - _BESIDE - _MARGIN

    def place(x, y):
        """Returns where a point of the plot is in the picture, in pixels."""
        across = _BESIDE + (np.asarray(x, float) - left) / (right - left) * width
        return across, _MARGIN + (top - np.asarray(y, float)) / (top - bottom) * height

    canvas = np.full((*size, 3), 255.0)
    for color, x, y in curves:
        _stroke(canvas, color, *place(x, y))
    # What left the frame is under the margins.
    canvas[:_MARGIN] = canvas[-_BELOW + 1 :] = canvas[:, : _BESIDE - 1] = 255.0
    canvas[:, -_MARGIN:] = 255.0
    (first, last), (above, base) = (
        np.round(x).astype(int) for x in place([left, right], [top, bottom])
    )
    canvas[above : base + 1, first] = canvas[base, first : last + 1] = _INK
    for number in ticks[0]:
        across = round(float(place(number, bottom)[0]))
        canvas[base : base + 5, across] = _INK
        _write(canvas, number, across, base + 12, 0.5)
    for number in ticks[1]:
        down = round(float(place(left, number)[1]))
        canvas[down, first - 4 : first] = _INK
        _write(canvas, number, first - 7, down, 1.0)
    return np.round(canvas).astype(np.uint8)


def _stroke(canvas, color, across, down):
    """Draws a line through points in pixels, smoothed: it is drawn larger and made smaller."""
    fine = _FINER * np.stack([across, down], axis=1)
    change = np.diff(fine, axis=0)
    counts = np.nan_to_num(np.ceil(np.abs(change).max(axis=1) + 1)).astype(int)
    counts[np.isnan(change).any(axis=1)] = 0
    piece = np.repeat(np.arange(len(change)), counts)
    within = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
    points = (
        fine[piece] + (within / np.maximum(counts[piece] - 1, 1))[:, np.newaxis] * change[piece]
    )
    rows, columns = (_FINER * side for side in canvas.shape[:2])
    touched = np.zeros((rows, columns), bool)
    radius = _THICK * _FINER / 2.0
    reach = range(-math.ceil(radius), math.ceil(radius) + 1)
    for right, below in itertools.product(reach, repeat=2):
        if math.hypot(right, below) <= radius:
            column, row = np.floor(points + (right, below)).astype(int).T
            inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
            touched[row[inside], column[inside]] = True
    share = touched.reshape(canvas.shape[0], _FINER, canvas.shape[1], _FINER).mean(axis=(1, 3))
    canvas += share[..., np.newaxis] * (np.array(color) - canvas)


def _write(canvas, number, across, down, share):
    """Writes a number in digits of 3 x 5 dots of 2 x 2 pixels, a share of it left of a place."""
    glyphs = [_DIGITS[character] for character in np.format_float_positional(number, 6, trim="-")]
    dots = [[f"{int(glyph[line]):03b}0" for glyph in glyphs] for line in range(5)]
    dots = np.array([[dot == "1" for dot in "".join(line)[:-1]] for line in dots])
    dots = dots.repeat(2, axis=0).repeat(2, axis=1)
    top, left = down - 5, round(across - share * dots.shape[1])
    left = min(max(left, 0), canvas.shape[1] - dots.shape[1])
    canvas[top : top + 10, left : left + dots.shape[1]][dots] = _INK
