"""Linear resampling and grouped convolutions: values, first and second derivatives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.layers.convolutions import Conv2D
from keras_gan.layers.resampling import LinearDownsampling2D, LinearUpsampling2D
from tests.replicas import slope


def test_upsampling_inserts_means():
    rows = tf.constant([2.0, 4.0, 8.0])[None, :, None, None] * tf.ones((1, 3, 2, 1))
    doubled = LinearUpsampling2D()(rows)
    assert doubled.shape == (1, 6, 4, 1)
    np.testing.assert_allclose(doubled[0, :, 0, 0], [2.0, 3.0, 4.0, 6.0, 8.0, 4.0])
    np.testing.assert_allclose(doubled[0, 0, :, 0], [2.0, 2.0, 2.0, 1.0])


def test_downsampling_filters_by_one_two_one():
    rows = tf.constant([4.0, 8.0, 0.0, 12.0])[None, :, None, None] * tf.ones((1, 4, 4, 1))
    halved = LinearDownsampling2D()(rows)
    assert halved.shape == (1, 2, 2, 1)
    np.testing.assert_allclose(halved[0, :, 1, 0], [(8 + 8) / 4, (8 + 0 + 12) / 4])
    np.testing.assert_allclose(halved[0, 0, :, 0], [4.0 * 3 / 4, 4.0])


def test_downsampling_is_the_transpose_of_upsampling():
    random = np.random.default_rng(0)
    few, many = (tf.constant(random.normal(size=(2, *s, 3))) for s in ((3, 2), (6, 4)))
    up, down = LinearUpsampling2D(dtype="float64"), LinearDownsampling2D(dtype="float64")
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
