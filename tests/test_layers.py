"""Layers of our own."""

import keras
import numpy as np

from keras_gan.layers import Maxout


def test_maxout_against_numpy():
    layer = Maxout(3, pieces=4)
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    received = layer(x)
    kernel, bias = (variable.numpy() for variable in layer.weights)
    expected = (x @ kernel + bias).reshape(5, 3, 4).max(axis=-1)
    np.testing.assert_allclose(received, expected, rtol=1e-6)


def test_maxout_round_trip():
    layer = Maxout(3, pieces=4, kernel_initializer="he_normal")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
