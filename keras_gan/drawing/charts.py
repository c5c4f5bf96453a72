"""Charts as uint8 arrays: lines over axes, bars."""

import itertools
import math

import numpy as np

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


def bars(series, size=(300, 512)):
    """Draws shares of numbered classes as bars side by side.

    Args:
        series: List of (color, shares [K]).
        size: (height, width) of the picture in pixels.

    Returns:
        uint8 array [height, width, 3].
    """
    highest = max(float(np.max(shares)) for _, shares in series)
    tick = 10.0 ** math.floor(math.log10(highest)) if highest > 0.0 else 1.0
    step = next(tick * n for n in (0.2, 0.5, 1.0, 2.0) if highest / (tick * n) <= 6)
    top = step * math.ceil(highest / step) if highest > 0.0 else 1.0
    count = len(series[0][1])
    labels = range(0, count, math.ceil(count / 20))
    heights = [round(step * i, 6) for i in range(round(top / step) + 1)]

    frame = (-0.5, count - 0.5, 0.0, top)
    canvas = plot([], frame, (labels, heights), size).astype(float)
    width, height = size[1] - _BESIDE - _MARGIN, size[0] - _BELOW - _MARGIN
    group = 0.8 / len(series)
    base = _MARGIN + height
    for number, (color, shares) in enumerate(series):
        for place, share in enumerate(shares):
            left = _BESIDE + (place + 0.1 + number * group) / count * width
            right = max(left + group / count * width, left + 1.0)
            above = base - round(float(share) / top * height)
            canvas[above:base, round(left) : round(right)] = color
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
