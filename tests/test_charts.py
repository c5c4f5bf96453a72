"""Charts: what is drawn where, by its colors."""

import numpy as np

from keras_gan.drawing import charts

GREY, BLUE = (150, 150, 150), (20, 70, 200)
SHARES = np.array([0.1, 0.4, 0.0, 0.5]), np.array([0.25, 0.25, 0.25, 0.25])
SERIES = list(zip(("real", "samples"), (GREY, BLUE), SHARES, strict=True))


def groups_of(heights):
    """Splits columns that are not nearly 0 where there are gaps between them."""
    columns = np.flatnonzero(heights > 3)
    return np.split(heights[columns], np.flatnonzero(np.diff(columns) > 1) + 1)


def test_bars_are_as_high_as_their_shares():
    canvas = charts.bars(SERIES, size=(300, 512))[40:]  # Below the names.
    unit = None
    for color, series in zip((GREY, BLUE), SHARES, strict=True):
        groups = groups_of((canvas == color).all(axis=2).sum(axis=0))
        shares = series[series > 0.0]
        assert len(groups) == len(shares)
        heights = np.array([np.median(group) for group in groups])
        unit = unit or heights[0] / shares[0]
        np.testing.assert_allclose(heights, unit * shares, atol=0.04 * unit)
    assert unit * 0.5 > 150


def test_pictures_are_the_same_each_time():
    np.testing.assert_array_equal(charts.bars(SERIES), charts.bars(SERIES))


def test_bars_of_many_classes_and_of_none_fit():
    many = np.full(1000, 1e-3)
    canvas = charts.bars([("a", GREY, many), ("b", BLUE, many)])
    assert canvas.shape == (300, 512, 3) and canvas.dtype == np.uint8
    assert (canvas == BLUE).all(axis=2).any()
    assert charts.bars([("a", GREY, np.zeros(3))]).shape == (300, 512, 3)
