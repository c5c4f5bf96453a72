"""Layers of our own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import randomness
from keras_gan.distribution import make_strategy
from keras_gan.layers import Dropout, Maxout


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


def dropped(rate=0.25, count=4, seed=1):
    with randomness.layer_draws(tf.constant([seed, 2], tf.int64)):
        return Dropout(rate)(tf.ones((count, 1000)), training=True)


def test_dropout_drops_its_share_and_scales_the_rest():
    received = dropped().numpy()
    assert set(np.unique(received)) == {np.float32(0.0), np.float32(1.0 / 0.75)}
    assert (received == 0.0).mean() == pytest.approx(0.25, abs=0.02)
    np.testing.assert_array_equal(Dropout(0.5)(tf.ones((2, 3)), training=False), np.ones((2, 3)))


def test_dropout_draws_anew_at_each_call_and_the_same_for_a_seed():
    with randomness.layer_draws(tf.constant([1, 2], tf.int64)):
        first, second = (Dropout(0.5)(tf.ones((1, 100)), training=True) for _ in range(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(dropped(seed=3), dropped(seed=3))
    assert not np.array_equal(dropped(seed=3), dropped(seed=4))


def test_dropout_masks_of_replicas_are_rows_of_one_devices():
    strategy = make_strategy(cpu_replicas=2)
    parts = strategy.experimental_local_results(strategy.run(lambda: dropped(count=2)))
    np.testing.assert_array_equal(np.concatenate([p.numpy() for p in parts]), dropped(count=4))


def test_dropout_outside_of_a_training_step_is_named():
    with pytest.raises(RuntimeError, match="outside of a training step"):
        Dropout(0.5)(tf.ones((2, 3)), training=True)


def test_dropout_round_trip():
    layer = Dropout(0.25)
    assert keras.layers.deserialize(keras.layers.serialize(layer)).rate == 0.25
