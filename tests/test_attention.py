"""Self-attention compared with numpy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.errors import UserError
from keras_gan.layers.attention import SelfAttention
from tests.replicas import slope

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(2, 4, 5, 8))


def attention(gamma=0.7, **options):
    layer = SelfAttention(**options)
    layer.build(IMAGES.shape)
    for variable in layer.trainable_variables:
        variable.assign(np.random.default_rng(1).normal(size=variable.shape))
    layer.gamma.assign(gamma)
    return layer


def pooled(x):
    return x[:, :4, :4].reshape(2, 2, 2, 2, 2, -1).max(axis=(2, 4)).reshape(2, 4, -1)


def test_against_numpy(float64):
    layer = attention()
    kernels = {
        name: getattr(layer, name).kernel.numpy()[0, 0]
        for name in ("queries", "keys", "values", "output_convolution")
    }
    queries = (IMAGES @ kernels["queries"]).reshape(2, 20, 1)
    keys, attended = pooled(IMAGES @ kernels["keys"]), pooled(IMAGES @ kernels["values"])
    weights = np.exp(queries @ keys.transpose(0, 2, 1))
    weights /= weights.sum(axis=-1, keepdims=True)
    mixed = (weights @ attended).reshape(2, 4, 5, 4) @ kernels["output_convolution"]
    np.testing.assert_allclose(layer(IMAGES), IMAGES + 0.7 * mixed, rtol=1e-10)


def test_starts_as_the_identity():
    layer = SelfAttention()
    np.testing.assert_array_equal(layer(tf.constant(IMAGES, tf.float32)), IMAGES.astype("float32"))
    assert len(layer.trainable_variables) == 5 and not layer.non_trainable_variables


def test_second_derivative(float64):
    """Gradient penalties need it: compares with finite differences, through the pooling."""
    layer, direction = attention(), RNG.normal(size=IMAGES.shape)

    def squared_gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(layer(x) ** 2)
        return tf.reduce_sum(tape.gradient(y, x) ** 2)

    x = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = squared_gradient(x)
    received = np.sum(tape.gradient(value, x) * direction)
    np.testing.assert_allclose(received, slope(squared_gradient, x, direction), rtol=1e-6)


def test_spectral_norm_and_one_pixel():
    layer = attention(spectral_norm=True)
    assert len(layer.non_trainable_variables) == 4
    before = [v.numpy() for v in layer.non_trainable_variables]
    layer(IMAGES, training=True)
    after = [v.numpy() for v in layer.non_trainable_variables]
    assert all((a != b).any() for a, b in zip(before, after, strict=True))
    assert SelfAttention()(np.ones((2, 1, 1, 8), "float32")).shape == (2, 1, 1, 8)


def test_kernels_start_differently_and_config_round_trip():
    layer = SelfAttention(kernel_initializer=keras.initializers.RandomNormal(0, 0.02, seed=3))
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
    layer = SelfAttention(kernel_initializer="orthogonal", dtype="mixed_bfloat16")
    assert layer(tf.constant(IMAGES, tf.float32)).dtype == tf.bfloat16
    assert not np.allclose(layer.queries.kernel, layer.keys.kernel)


def test_channels_must_be_a_multiple_of_8():
    with pytest.raises(UserError, match="a multiple of 8. Received: 12"):
        SelfAttention().build((2, 4, 4, 12))
