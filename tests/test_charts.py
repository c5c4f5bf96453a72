"""Charts, pixel by pixel."""

import numpy as np

from keras_gan.drawing import charts

GREY, BLUE = (150, 150, 150), (20, 70, 200)


def test_bars_are_as_high_as_their_shares():
    shares = np.array([0.1, 0.4, 0.0, 0.5]), np.array([0.25, 0.25, 0.25, 0.25])
    canvas = charts.bars(list(zip((GREY, BLUE), shares, strict=True)), size=(300, 512))
    for color, series in zip((GREY, BLUE), shares, strict=True):
        heights = (canvas == color).all(axis=2).sum(axis=0)
        columns = np.flatnonzero(heights)
        groups = np.split(heights[columns], np.flatnonzero(np.diff(columns) > 1) + 1)
        height = 300 - 24 - 14
        expected = [round(share / 0.5 * height) for share in series if share]
        assert [group[0] for group in groups] == expected
        assert all((group == group[0]).all() for group in groups)


def test_bars_of_many_classes_and_of_none_fit():
    many = np.full(1000, 1e-3)
    canvas = charts.bars([(GREY, many), (BLUE, many)])
    assert canvas.shape == (300, 512, 3) and (canvas == BLUE).all(axis=2).any()
    assert charts.bars([(GREY, np.zeros(3))]).shape == (300, 512, 3)
