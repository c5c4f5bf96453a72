"""GAN theory compared with closed forms, and the example that shows it."""

import importlib.util
import math
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import theory
from keras_gan.drawing import charts
from tests.conftest import build

PATH = pathlib.Path(__file__).parents[1] / "examples" / "theory.py"
SPEC = importlib.util.spec_from_file_location("theory_example", PATH)
example = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(example)
SHARES = tf.constant((np.arange(100_000) + 0.5) / 100_000, tf.float64)
QUANTILES = tf.math.ndtri(SHARES).numpy()
PAIRS = [[theory.masses(one) for one in pair] for pair in example.PAIRS.values()]


def divergence_of_gaussians(distance):
    x = np.linspace(-12.0, 12.0 + distance, 20_001)
    data = theory.masses(theory.normal(x, 0.0, 1.0))
    return theory.jensen_shannon(data, theory.masses(theory.normal(x, distance, 1.0)))


@pytest.mark.parametrize("data, generated", PAIRS, ids=list(example.PAIRS))
def test_value_of_the_optimal_discriminator(data, generated):
    best = theory.optimal_logits(data, generated)
    value = float(theory.value(best, data, generated))
    divergence = theory.jensen_shannon(data, generated)
    assert value == pytest.approx(2.0 * divergence - math.log(4.0), abs=1e-6)
    assert -1e-12 <= divergence <= math.log(2.0) + 1e-12
    path = theory.train_discriminator(data, generated, 50)
    values = [float(theory.value(logits, data, generated)) for logits in path]
    assert values[0] == pytest.approx(-math.log(4.0))
    assert np.all(np.diff(values) >= -1e-12) and values[-1] <= value + 1e-12
    assert value - values[-1] < 0.1 * max(value - values[0], 1e-9)


def test_values_known_in_closed_form():
    values = [
        float(theory.value(theory.optimal_logits(*pair), *pair))
        for pair in (PAIRS[0], PAIRS[3], PAIRS[4])
    ]  # Equal, half overlapping and disjoint densities.
    np.testing.assert_allclose(values, [-math.log(4.0), -math.log(2.0), 0.0], atol=1e-12)


def test_no_discriminator_is_better_than_the_optimal_one():
    data, generated = PAIRS[1]
    best = theory.optimal_logits(data, generated)
    value = float(theory.value(best, data, generated))
    random = np.random.default_rng(0)
    for scale in (1e-3, 0.1, 3.0):
        other = best + scale * random.normal(size=best.shape)
        assert float(theory.value(other, data, generated)) < value


def test_slopes_of_the_generators_losses():
    """They equal the slopes of 2 JSD and of KL(p_g, p_data) - 2 JSD (Arjovsky, Bottou 2017)."""
    for distance in (0.0, 0.5, 2.0, 5.0):
        change = divergence_of_gaussians(distance + 1e-4) - divergence_of_gaussians(distance - 1e-4)
        saturating, non_saturating = theory.generator_slopes(distance)
        assert saturating == pytest.approx(change / 1e-4, abs=1e-6)
        # The KL of the Gaussians is distance^2 / 2, and its slope is the distance.
        assert non_saturating == pytest.approx(distance - change / 1e-4, abs=1e-6)


def test_slopes_as_densities_move_apart():
    saturating, non_saturating = np.transpose([theory.generator_slopes(d) for d in (4, 8, 12)])
    assert np.all(saturating[1:] < 0.01 * saturating[:-1]) and saturating[-1] < 1e-7
    np.testing.assert_allclose(non_saturating, [4, 8, 12], rtol=0.05)


def test_saturating_gradient_vanishes_as_the_discriminator_improves():
    even = np.linspace(0.0, 1.0, 51)
    value, saturating, non_saturating = theory.sharpen_discriminator(even, even + 2.0, 300).T
    assert value[0] == pytest.approx(-math.log(4.0)) and -0.05 < value[-1] < 0.0
    assert np.all(np.diff(value) > 0.0)
    assert saturating[300] < 0.6 * saturating[100] < 0.6 * 0.6 * saturating[10]
    assert non_saturating[300] > non_saturating[100] > non_saturating[10] > 1.0


@pytest.mark.parametrize("shift", [0.25, 3.0, 40.0])
def test_wasserstein_of_a_shift_is_the_shift(shift):
    for order in (1, 2):
        assert theory.wasserstein(QUANTILES, QUANTILES + shift, order) == pytest.approx(shift)


@pytest.mark.parametrize("mean, deviation", [(0.0, 2.0), (1.0, 3.0), (2.0, 0.5)])
def test_wasserstein_of_two_gaussians(mean, deviation):
    """Quantiles differ by mean + (deviation - 1) z with normal z: a folded normal variable."""
    other, spread = mean + deviation * QUANTILES, abs(deviation - 1.0)
    folded = spread * math.sqrt(2.0 / math.pi) * math.exp(-((mean / spread) ** 2) / 2.0)
    folded += mean * math.erf(mean / (spread * math.sqrt(2.0)))
    assert theory.wasserstein(QUANTILES, other) == pytest.approx(folded, rel=1e-4)
    second = math.hypot(mean, spread)
    assert theory.wasserstein(QUANTILES, other, order=2) == pytest.approx(second, rel=1e-3)


def test_systems_take_vectors_of_one_dimension():
    model = build("gan", (1,))
    assert model.sample(3).shape == (3, 1)


def test_lines_over_axes():
    red, x = (200, 0, 0), np.linspace(0.0, 1.0, 101)
    gap = np.where(np.abs(x - 0.5) < 0.15, np.nan, 0.5)
    arguments = (0, 1, 0, 1), ((0, 0.5, 1), (0, 0.5, 1)), (120, 160)
    empty = charts.plot([], *arguments)
    drawn = charts.plot([(red, x, gap), (red, [0.0, 1.0], [9.0, 9.0])], *arguments)
    assert drawn.shape == (120, 160, 3) and drawn.dtype == np.uint8
    changed = np.any(drawn != empty, axis=2)
    rows, columns = np.nonzero(changed)
    axis = np.flatnonzero((empty < 100).all(axis=2).sum(axis=0) > 60).max()  # The line of y.
    base = np.flatnonzero((empty < 100).all(axis=2).sum(axis=1) > 60).max()
    assert (
        abs(rows.mean() - (14 + base) / 2.0) < 2 and np.ptp(rows) <= 2
    )  # Halfway, and nothing at 9.
    width = columns.max() - axis
    inside = (np.unique(columns) - axis) / width
    assert not np.any(np.abs(inside - 0.5) < 0.12)  # Where there are no numbers.
    assert len(inside) > 0.6 * width and inside.min() < 0.05


def test_example(tmp_path, capsys):
    example.main(["--output", str(tmp_path / "new"), "--steps", "12", "--d_steps", "12"])
    names = ["figure_1.png", "optimal_discriminator.png", "parting_supports.png"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == names
    shapes = [(450, 1600, 3), (600, 1200, 3), (300, 1200, 3)]
    for name, shape in zip(names, shapes, strict=True):
        picture = tf.io.decode_png((tmp_path / "new" / name).read_bytes()).numpy()
        assert picture.shape == shape and len(np.unique(picture)) > 10
    printed = capsys.readouterr().out
    assert "nan" not in printed and "inf" not in printed
    assert all(f"{name} " in printed for name in example.PAIRS)


def test_too_few_steps(tmp_path, capsys):
    with pytest.raises(SystemExit):
        example.main(["--output", str(tmp_path), "--steps", "3"])
    assert "must be at least 12" in capsys.readouterr().err
