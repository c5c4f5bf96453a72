"""Charts as uint8 arrays, by matplotlib: lines over axes, bars."""

import numpy as np

_DPI = 100
_BELOW, _BESIDE, _MARGIN = 28, 44, 14  # pixels around a plot, the first two for numbers
_MOST_LABELS = 10  # of classes below bars


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
    figure, axes = _figure(size)
    height, width = size
    # The same for all plots, so that one can stand below another.
    figure.subplots_adjust(
        _BESIDE / width, _BELOW / height, 1 - _MARGIN / width, 1 - _MARGIN / height
    )
    for color, x, y in curves:
        axes.plot(x, y, color=_share(color), linewidth=1.2)
    axes.set(xlim=frame[:2], ylim=frame[2:], xticks=list(ticks[0]), yticks=list(ticks[1]))
    return _pixels(figure)


def bars(series, size=(300, 512)):
    """Draws shares of numbered classes as bars side by side.

    Args:
        series: List of (name, color, shares [K]).
        size: (height, width) of the picture in pixels.

    Returns:
        uint8 array [height, width, 3].
    """
    figure, axes = _figure(size, layout="constrained")
    count, width = len(series[0][2]), 0.8 / len(series)
    for number, (name, color, shares) in enumerate(series):
        middles = np.arange(count) + (number - (len(series) - 1) / 2.0) * width
        axes.bar(middles, shares, width, color=_share(color), label=name)
    axes.set(xlabel="class", ylabel="share", xlim=(-0.5, count - 0.5))
    axes.set_ylim(0.0, None if any(np.any(shares) for _, _, shares in series) else 1.0)
    axes.locator_params("x", integer=True, nbins=min(count, _MOST_LABELS))
    figure.legend(loc="outside upper right", ncols=len(series), frameon=False)
    return _pixels(figure)


def _figure(size, layout=None):
    """Returns a figure of a size in pixels and its axes, without global state of pyplot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height, width = size
    figure = Figure((width / _DPI, height / _DPI), _DPI, layout=layout)
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    return figure, axes


def _share(color):
    return tuple(value / 255.0 for value in color)


def _pixels(figure):
    figure.canvas.draw()
    return np.array(figure.canvas.buffer_rgba())[..., :3]
