"""Maxout, dropout and batch norm."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import randomness
from keras_gan.distribution.replicas import make_strategy
from keras_gan.layers.batch_norm import BatchNormalization
from keras_gan.layers.core import Dropout, Maxout


def test_maxout_against_numpy():
    layer = Maxout(3, pieces=4)
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    received = layer(x)
    kernel, bias = (variable.numpy() for variable in layer.weights)
    expected = (x @ kernel + bias).reshape(5, 4, 3).max(axis=1)
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


def test_dropout_masks_differ_between_calls_and_repeat_for_a_seed():
    with randomness.layer_draws(tf.constant([1, 2], tf.int64)):
        first, second = (Dropout(0.5)(tf.ones((1, 100)), training=True) for _ in range(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(dropped(seed=3), dropped(seed=3))
    assert not np.array_equal(dropped(seed=3), dropped(seed=4))


def test_dropout_masks_are_the_same_on_two_replicas():
    strategy = make_strategy(cpu_replicas=2)
    parts = strategy.experimental_local_results(strategy.run(lambda: dropped(count=2)))
    np.testing.assert_array_equal(np.concatenate([p.numpy() for p in parts]), dropped(count=4))


def test_dropout_outside_of_a_training_step_is_refused():
    with pytest.raises(RuntimeError, match="outside of a training step"):
        Dropout(0.5)(tf.ones((2, 3)), training=True)


def test_dropout_round_trip():
    layer = Dropout(0.25)
    assert keras.layers.deserialize(keras.layers.serialize(layer)).rate == 0.25


def derivatives(layer, x):
    """Returns outputs, first and second derivatives of a loss over all replicas' examples.

    Those of the weights are summed over the replicas, as in training.
    """

    def of_replica():
        replica = tf.distribute.get_replica_context()
        count = len(x) // replica.num_replicas_in_sync
        own = tf.gather(x, replica.replica_id_in_sync_group * count + tf.range(count))
        weights = [variable.value for variable in layer.trainable_variables]
        with tf.GradientTape() as outer:
            outer.watch([own, *weights])
            with tf.GradientTape() as tape:
                tape.watch([own, *weights])
                y = layer(own, training=True)
                loss = tf.reduce_sum(y**3)
            first = tape.gradient(loss, [own, *weights])
            penalty = sum(tf.reduce_sum(value**2) for value in first[:1])
        second = outer.gradient(penalty, [own, *weights[:1]])
        return {"rows": [y, first[0], second[0]], "sums": [*first[1:], second[1]]}

    strategy = tf.distribute.get_strategy()
    parts = tf.function(lambda: strategy.run(of_replica))()
    local = strategy.experimental_local_results
    return [
        *(tf.concat(local(value), axis=0) for value in parts["rows"]),
        *(tf.add_n(local(value)) for value in parts["sums"]),
        *(variable.value for variable in layer.non_trainable_variables),
    ]


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("shape", [(6, 5), (6, 4, 3, 5)])
def test_fused_batch_norm_equals_keras(shape, replicas):
    x = tf.constant(np.random.default_rng(0).normal(2.0, 3.0, shape), tf.float32)
    received = []
    with make_strategy(cpu_replicas=replicas).scope():
        for kind in (BatchNormalization, keras.layers.BatchNormalization):
            layer = kind(momentum=0.9, synchronized=True)
            layer.build(shape)
            layer.gamma.assign(np.linspace(0.5, 2.0, 5))
            received.append([value.numpy() for value in derivatives(layer, x)])
    for ours, keras_own in zip(*received, strict=True):
        np.testing.assert_allclose(ours, keras_own, atol=2e-5 * np.abs(keras_own).max())


@pytest.mark.parametrize("mean", [0.0, 100.0])
def test_batch_norm_of_a_nearly_constant_channel(mean):
    """A large mean must not swallow a small variance, on one device or over replicas."""
    x = tf.constant(np.random.default_rng(0).normal(mean, 1e-3, (64, 4, 4, 2)), tf.float32)
    received = []
    for replicas in (1, 2):
        with make_strategy(cpu_replicas=replicas).scope():
            layer = BatchNormalization(epsilon=1e-5)
            layer.build(x.shape)
            received.append([value.numpy() for value in derivatives(layer, x)[:2]])
    for one, two in zip(*received, strict=True):
        np.testing.assert_allclose(two, one, atol=2e-2 * np.abs(one).max())


def test_frozen_batch_norm_equals_keras():
    x = tf.constant(np.random.default_rng(0).normal(2.0, 3.0, (8, 5)), tf.float32)
    for kind in (BatchNormalization, keras.layers.BatchNormalization):
        layer = kind()
        layer.build(x.shape)
        layer.trainable = False
        np.testing.assert_allclose(layer(x, training=True), x / np.sqrt(1.001), rtol=1e-5)
        assert not layer.moving_mean.numpy().any()
    with pytest.raises(ValueError, match="axis must be -1"):
        BatchNormalization(axis=1)


def test_batch_norm_keeps_its_scale_in_float32():
    layer = BatchNormalization(dtype="mixed_bfloat16")
    x = tf.cast(tf.reshape(tf.range(64.0), [8, 2, 2, 2]), tf.bfloat16)
    layer.build(x.shape)
    layer.gamma.assign([1.001, 1.001])  # bfloat16 would round it to 1.0.
    assert layer(x, training=True).dtype == tf.bfloat16
    assert layer(x, training=False).dtype == tf.bfloat16
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.cast(layer(x, training=True), tf.float32))
    assert tape.gradient(loss, layer.gamma.value).dtype == tf.float32
