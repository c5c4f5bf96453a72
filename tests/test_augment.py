"""Augmentations: values by hand, two derivatives, ranges of the draws, ADA's probability."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import augment, randomness
from keras_gan.augment import pixels, positions
from keras_gan.errors import UserError
from tests.replicas import SEED, assert_same_on_two_replicas, slope

RNG = np.random.default_rng(0)
EVERYTHING = "color,translation,cutout"
FUNCTIONS = {
    "color": lambda x, u: augment.diff_augment(x, "color", u[:, :3]),
    "translation": lambda x, u: augment.diff_augment(x, "translation", u[:, :2]),
    "cutout": lambda x, u: augment.diff_augment(x, "cutout", u[:, :2]),
    "everything": lambda x, u: augment.diff_augment(x, EVERYTHING, u[:, :7]),
    "adaptive": lambda x, u: augment.adaptive_augment(x, 0.7, u),
}


def images(count=4, height=8, width=8, channels=3):
    return np.random.default_rng(1).uniform(-1, 1, (count, height, width, channels))


def draws(count=4, size=13, seed=2):
    return np.random.default_rng(seed).uniform(0, 1, (count, size))


def test_colors_by_hand():
    x, amount = images(2), np.array([0.5, -2.0])
    a = amount[:, None, None, None]
    np.testing.assert_allclose(pixels.brighten(x, amount), x + a)
    np.testing.assert_allclose(pixels.amplify(x, amount), x * a)
    grey = x.mean(axis=3, keepdims=True)
    np.testing.assert_allclose(pixels.saturate(x, amount), (x - grey) * a + grey)
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(pixels.contrast(x, amount), (x - mean) * a + mean)


def test_grey_images_and_opacity():
    grey, clear = images(2, channels=1), images(2, channels=4)
    factor = np.array([0.5, 2.0])
    np.testing.assert_array_equal(pixels.saturate(grey, factor), grey)
    for change in (pixels.brighten, pixels.saturate, pixels.contrast):
        np.testing.assert_array_equal(change(clear, factor)[..., 3], clear[..., 3])
        np.testing.assert_array_equal(
            change(clear, factor)[..., :3], change(clear[..., :3], factor)
        )


def test_shift_by_hand():
    x = images(2, height=4, width=5)
    received = positions.shift(x, np.array([1, -2]), np.array([0, 3])).numpy()
    expected = np.zeros_like(x)
    expected[0, 1:] = x[0, :-1]
    expected[1, :-2, 3:] = x[1, 2:, :-3]
    np.testing.assert_array_equal(received, expected)
    received = positions.shift(x, np.array([2, 0]), np.array([0, -2]), reflect=True).numpy()
    np.testing.assert_array_equal(received[0], x[0, [2, 1, 0, 1]])
    np.testing.assert_array_equal(received[1], x[1][:, [2, 3, 4, 3, 2]])


def test_rotations_and_flips_by_hand():
    x = images(4, height=5, width=5)
    for i, turned in enumerate(positions.rotate(x, np.arange(4)).numpy()):
        np.testing.assert_array_equal(turned, np.rot90(x[i], i))
    received = positions.mirror(x, np.array([True, False, False, False])).numpy()
    np.testing.assert_array_equal(received[0], x[0, :, ::-1])
    np.testing.assert_array_equal(received[1:], x[1:])


def test_cutout_by_hand():
    x = images(2, height=4, width=6)
    received = pixels.cut_out(x, np.array([1, -1]), np.array([2, 4]), 2, 3).numpy()
    expected = x.copy()
    expected[0, 1:3, 2:5] = 0.0
    expected[1, 0:1, 4:6] = 0.0
    np.testing.assert_array_equal(received, expected)


@pytest.mark.parametrize("size", [(7, 9), (8, 8)])
def test_ranges_of_the_draws(size):
    """The smallest and largest draws give the documented limits of each augmentation."""
    height, width = size
    x, top = np.ones((2, *size, 3)), np.nextafter(1.0, 0.0)
    ends = np.array([[0.0] * 3, [top] * 3])
    moved = augment.diff_augment(x, "translation", ends[:, :2]).numpy()[..., 0]
    rows, columns = int(height / 8 + 0.5), int(width / 8 + 0.5)
    assert moved[0, :-rows, :-columns].all() and moved[0].sum() == moved[1].sum()
    assert moved[1, rows:, columns:].all()
    assert moved[0].sum() == (height - rows) * (width - columns)
    middle = augment.diff_augment(x, "cutout", np.full((2, 2), 0.5)).numpy()[..., 0]
    assert (middle == 0.0).sum() == 2 * int(height / 2 + 0.5) * int(width / 2 + 0.5)
    cut = augment.diff_augment(x, "cutout", ends[:, :2]).numpy()[..., 0]
    assert cut[0, 0, 0] == 0.0 and cut[1, -1, -1] == 0.0
    assert 0 < (cut[0] == 0.0).sum() == (cut[1] == 0.0).sum() < cut[0].size / 2
    color = augment.diff_augment(x, "color", ends).numpy()
    np.testing.assert_allclose(color[:, 0, 0, 0], [0.5, 1.5])


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_two_derivatives(name, channels):
    """Compares with finite differences, on images that are not square."""
    x, u = tf.constant(images(2, 9, 6, channels)), draws(2)
    function = lambda x: tf.reduce_sum(tf.sin(3.0 * FUNCTIONS[name](x, u)))  # noqa: E731
    direction = RNG.normal(size=x.shape)

    def penalty(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tf.reduce_sum(tape.gradient(y, x) ** 2)

    for of in (function, penalty):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = of(x)
        received = np.sum(tape.gradient(y, x) * direction)
        np.testing.assert_allclose(received, slope(of, x, direction), rtol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_compiled(name):
    x, u = tf.constant(images()), tf.constant(draws())
    compiled = tf.function(FUNCTIONS[name], jit_compile=name in ("everything", "adaptive"))
    np.testing.assert_allclose(compiled(x, u), FUNCTIONS[name](x, u), rtol=1e-6, atol=1e-6)


def test_each_example_has_its_own_draw():
    """The result for an example depends only on its image and its draws."""
    x, u = images(), draws()
    for function in FUNCTIONS.values():
        whole = function(x, u).numpy()
        parts = [function(x[i : i + 1], u[i : i + 1])[0] for i in range(4)]
        np.testing.assert_allclose(whole, parts, rtol=1e-12)
        same = function(np.repeat(x[:1], 4, axis=0), u).numpy()
        assert not np.allclose(same[0], same[1]) or not np.allclose(same[2], same[3])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: augment.diff_augment(x, EVERYTHING),
        lambda x: augment.adaptive_augment(x, tf.constant(0.5)),
    ],
)
def test_same_on_two_replicas(function):
    def make():
        return lambda x: tf.reduce_sum(tf.sin(function(x)), axis=[1, 2, 3]), []

    assert_same_on_two_replicas(make, images())


def test_two_calls_draw_different_numbers():
    x = tf.constant(images(2))
    with randomness.layer_draws(tf.constant(SEED, tf.int64)):
        first, second = (augment.diff_augment(x, "color") for _ in range(2))
    assert not np.allclose(first, second)


def test_policies():
    assert augment.parse_policy(" color, translation ") == ("color", "translation")
    assert augment.parse_policy("") == ()
    x = images(2)
    assert augment.diff_augment(x, "") is x
    for text in ("colour", "color,color"):
        with pytest.raises(UserError, match=f"list of color, translation, cutout, each.*'{text}'"):
            augment.parse_policy(text)
    with pytest.raises(UserError, match=r"1, 3 or 4 channels. Received: shape \(2, 8, 8, 2\)"):
        augment.diff_augment(tf.zeros((2, 8, 8, 2)), "color")
    with pytest.raises(UserError, match="needs images"):
        augment.adaptive_augment(tf.zeros((2, 8)), 0.5)


def test_probability_of_the_adaptive_pipeline():
    x = images(400, channels=1)
    u = draws(400)
    np.testing.assert_array_equal(augment.adaptive_augment(x, 0.0, u), x)
    assert np.isfinite(augment.adaptive_augment(x, 1.0, np.zeros((400, 13)))).all()
    u[:, 2:6] = 1.0  # Only flips and rotations.
    changed = np.any(augment.adaptive_augment(x, 0.4, u).numpy() != x, axis=(1, 2, 3)).mean()
    assert changed == pytest.approx(1.0 - (1.0 - 0.4 / 2) * (1.0 - 0.4 * 3 / 4), abs=0.05)
    wide = images(4, height=4)  # Images that are not square are not rotated.
    u = np.zeros((4, 13))
    u[:, 0], u[:, 2:6], u[:, 7] = 1.0, 1.0, 0.5
    np.testing.assert_array_equal(augment.adaptive_augment(wide, 0.5, u), wide)


def test_adapted_probability():
    adapt = lambda p, sign: float(  # noqa: E731
        augment.adapted_probability(p, sign, batch_size=100, every=5)
    )
    assert adapt(0.5, 0.7) == pytest.approx(0.501)
    assert adapt(0.5, 0.5) == pytest.approx(0.499)
    assert adapt(0.0, -1.0) == 0.0
    assert adapt(0.9999, 1.0) == 1.0
