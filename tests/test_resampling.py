"""Linear resampling and grouped convolutions: values, first and second derivatives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.layers.convolutions import Conv2D
from keras_gan.layers.resampling import LinearDownsampling2D, LinearUpsampling2D
from tests.replicas import slope


def column(*values):
    """An image [1, len(values), 1, 1], whose width of 1 scales what is resampled."""
    return tf.constant(values)[None, :, None, None]


def test_upsampling_interpolates_at_quarters():
    doubled = LinearUpsampling2D()(column(2.0, 4.0, 8.0))
    assert doubled.shape == (1, 6, 2, 1)
    rows = np.array([6.0, 6 + 4, 12 + 2, 12 + 8, 24 + 4, 24.0]) / 4
    np.testing.assert_allclose(doubled[0, :, :, 0], 0.75 * rows[:, None].repeat(2, 1))


def test_downsampling_filters_around_pairs():
    images = column(4.0, 8.0, 0.0, 12.0) * tf.ones((1, 1, 2, 1))
    halved = LinearDownsampling2D()(images)
    assert halved.shape == (1, 2, 1, 1)
    rows = np.array([3 * 4.0 + 3 * 8 + 0, 8 + 3 * 0 + 3 * 12.0]) / 8
    np.testing.assert_allclose(halved[0, :, 0, 0], 0.75 * rows)


@pytest.mark.parametrize(
    ("layer", "moved"), [(LinearUpsampling2D, -0.5), (LinearDownsampling2D, 0.5)]
)
def test_a_centred_picture_stays_where_it_is(layer, moved):
    """The other filter moves it by half a pixel of the higher resolution."""
    image = column(0.0, 0.0, 1.0, 3.0, 0.0, 0.0) * tf.ones((1, 1, 2, 1))
    for centred, expected in ((True, 0.0), (False, moved)):
        found = layer(centred)(image)
        higher = max(image.shape[1], found.shape[1])
        assert higher * (_middle(found) - _middle(image)) == pytest.approx(expected, abs=1e-5)


def _middle(image):
    """The centre of mass along the height, as a share of the height."""
    weights = image[0, :, 0, 0].numpy()
    return np.average((np.arange(len(weights)) + 0.5) / len(weights), weights=weights)


def test_old_filters_are_kept_for_old_models():
    doubled = LinearUpsampling2D(centred=False)(column(2.0, 4.0, 8.0))
    np.testing.assert_allclose(doubled[0, :, 0, 0], [2.0, 3.0, 4.0, 6.0, 8.0, 4.0])
    halved = LinearDownsampling2D(centred=False)(
        column(4.0, 8.0, 0.0, 12.0) * tf.ones((1, 1, 2, 1))
    )
    np.testing.assert_allclose(halved[0, :, 0, 0], [0.75 * 4.0, 0.75 * 5.0])


@pytest.mark.parametrize("centred", [True, False])
def test_downsampling_is_the_transpose_of_upsampling(centred):
    random = np.random.default_rng(0)
    few, many = (tf.constant(random.normal(size=(2, *s, 3))) for s in ((3, 2), (6, 4)))
    up, down = (
        layer(centred, dtype="float64") for layer in (LinearUpsampling2D, LinearDownsampling2D)
    )
    np.testing.assert_allclose(tf.reduce_sum(up(few) * many), 4.0 * tf.reduce_sum(few * down(many)))


@pytest.mark.parametrize("kind", ["up", "down", "grouped"])
def test_second_derivatives_equal_finite_differences(kind, float64):
    layer = {
        "up": LinearUpsampling2D,
        "down": LinearDownsampling2D,
        "grouped": lambda: Conv2D(6, 3, padding="same", groups=2),
    }[kind]()
    random = np.random.default_rng(1)
    images, direction = (tf.constant(random.normal(size=(2, 4, 4, 4))) for _ in range(2))
    layer(images)

    def penalty(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(layer(x) ** 3)
        return tf.reduce_sum(tape.gradient(total, x) ** 2)

    with tf.GradientTape() as tape:
        tape.watch(images)
        value = penalty(images)
    found = tf.reduce_sum(tape.gradient(value, images) * direction)
    np.testing.assert_allclose(found, slope(penalty, images, direction), rtol=1e-6)


def test_grouped_convolution_keeps_groups_apart():
    layer = Conv2D(6, 3, padding="same", groups=2, bias_initializer="normal")
    images = np.random.default_rng(0).normal(size=(2, 5, 5, 4)).astype("float32")
    found = layer(images)
    parts = [
        tf.nn.conv2d(
            images[..., 2 * i : 2 * i + 2], layer.kernel[..., 3 * i : 3 * i + 3], 1, "SAME"
        )
        for i in range(2)
    ]
    np.testing.assert_allclose(found, tf.concat(parts, -1) + layer.bias, atol=1e-5)
    np.testing.assert_allclose(
        keras.layers.Conv2D.call(layer, images), layer(images, training=True), atol=1e-5
    )
