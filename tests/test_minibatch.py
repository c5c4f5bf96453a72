"""Layers that compare the examples of a batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.distribution.replicas import all_gather, make_strategy
from keras_gan.errors import UserError
from keras_gan.layers.minibatch import MinibatchDiscrimination, MinibatchStandardDeviation
from tests.replicas import assert_same_on_two_replicas, slope

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(4, 5))
IMAGES = RNG.normal(size=(8, 3, 2, 2))


def test_gather_has_the_correct_gradient(float64):
    """Gives each row a weight for the replica it comes from and the replica that reads it."""
    weights = RNG.normal(size=(2, 4, 5))

    def function(own):
        replica = tf.distribute.get_replica_context()
        everyone = all_gather(own)
        return own[:, 0] + tf.reduce_sum(
            everyone**2 * tf.gather(weights, replica.replica_id_in_sync_group)
        )

    strategy = make_strategy(cpu_replicas=2)

    def of_replica():
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        own = tf.gather(VECTORS, index * 2 + tf.range(2))
        with tf.GradientTape() as outer:
            outer.watch(own)
            with tf.GradientTape() as tape:
                tape.watch(own)
                loss = tf.reduce_mean(function(own)) / 2
            first = tape.gradient(loss, own)
            squares = tf.reduce_sum(first**2)
        return first, outer.gradient(squares, own)

    first, second = (
        np.concatenate([x.numpy() for x in strategy.experimental_local_results(part)])
        for part in tf.function(lambda: strategy.run(of_replica), autograph=False)()
    )
    # The loss is the mean over 4 rows; 2 of them use weights[0], 2 use weights[1].
    factor = weights.mean(axis=0)
    expected = 2.0 * VECTORS * factor
    expected[:, 0] += 0.25
    np.testing.assert_allclose(first, expected, rtol=1e-12)
    np.testing.assert_allclose(second, 2.0 * expected * 2.0 * factor, rtol=1e-12)


def test_discrimination_against_numpy(float64):
    layer = MinibatchDiscrimination(kernels=3, size=2)
    received = layer(VECTORS).numpy()
    maps = (VECTORS @ layer.kernel.numpy()).reshape(4, 3, 2)
    near = np.exp(-np.abs(maps[:, None] - maps[None]).sum(axis=-1))
    expected = near.sum(axis=1) - 1.0  # The example itself does not count.
    np.testing.assert_allclose(received, np.concatenate([VECTORS, expected], axis=1), rtol=1e-10)
    np.testing.assert_array_equal(layer(VECTORS[:1])[:, 5:], 0.0)


def deviations(groups):
    """Computes the expected deviations in numpy, one number per group."""
    return [np.sqrt(group.var(axis=0) + 1e-8).mean() for group in groups]


@pytest.mark.parametrize(
    ("count", "group_size", "members"), [(8, 4, 4), (8, None, 8), (6, 4, 3), (5, 4, 1), (2, 4, 2)]
)
def test_deviation_against_numpy(count, group_size, members, float64):
    images = IMAGES[:count]
    received = MinibatchStandardDeviation(group_size)(images).numpy()
    assert received.shape == (count, 3, 2, 3)
    np.testing.assert_array_equal(received[..., :2], images)
    expected = np.repeat(deviations(images.reshape(-1, members, 3, 2, 2)), members)
    np.testing.assert_allclose(
        received[..., 2], expected[:, None, None] + np.zeros((1, 3, 2)), rtol=1e-10
    )


def test_a_batch_of_unknown_size():
    layer = MinibatchStandardDeviation()
    traced = tf.function(layer, input_signature=[tf.TensorSpec([None, 3, 2, 2])])
    images = IMAGES.astype("float32")
    np.testing.assert_allclose(traced(images), layer(images), rtol=1e-6)


LAYERS = {
    "discrimination": (lambda: MinibatchDiscrimination(3, 2), VECTORS),
    "deviation": (lambda: MinibatchStandardDeviation(4), IMAGES),
    "deviation_across": (lambda: MinibatchStandardDeviation(None), IMAGES),
}


@pytest.mark.parametrize("name", LAYERS)
def test_same_on_two_replicas(name, float64):
    make_layer, rows = LAYERS[name]

    def make():
        layer = make_layer()
        layer.build(rows.shape)
        for variable in layer.variables:
            variable.assign(np.random.default_rng(2).normal(size=variable.shape))
        return lambda x: tf.reduce_sum(layer(x) ** 3, axis=[*range(1, x.ndim)]), layer.variables

    assert_same_on_two_replicas(make, rows)


@pytest.mark.parametrize("name", LAYERS)
def test_gradient_equals_finite_differences(name, float64):
    make_layer, rows = LAYERS[name]
    layer, direction = make_layer(), RNG.normal(size=rows.shape)
    loss = lambda x: tf.reduce_sum(layer(x) ** 3)  # noqa: E731
    with tf.GradientTape() as tape:
        x = tf.Variable(rows)
        value = loss(x.value())
    received = np.sum(tape.gradient(value, x) * direction)
    np.testing.assert_allclose(received, slope(loss, rows, direction), rtol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_as_a_layer_of_a_network(name):
    """The layer works in a strategy's scope, in low precision and after a round trip."""
    make_layer, rows = LAYERS[name]
    with make_strategy(cpu_replicas=2).scope():
        layer = make_layer()
        inputs = keras.Input(rows.shape[1:])
        outputs = layer(inputs)
    assert outputs.shape == (None, *layer.compute_output_shape(rows.shape)[1:])
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
    layer.dtype_policy = "mixed_bfloat16"
    assert layer(tf.cast(rows, tf.bfloat16)).dtype == tf.bfloat16
    assert layer.synchronized


def test_bad_arguments():
    with pytest.raises(
        UserError, match="group_size must be a whole number of at least 1. Received: 0"
    ):
        MinibatchStandardDeviation(0)
    with pytest.raises(UserError, match="kernels must be a whole number of at least 1"):
        MinibatchDiscrimination(kernels=0)
