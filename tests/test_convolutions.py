"""Convolutions with kernel gradients as matrix products: the same numbers as TensorFlow's."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.distribution.replicas import make_strategy
from keras_gan.layers import convolutions
from keras_gan.layers.convolutions import kernel_gradient

LAYERS = ("Conv2D", "Conv2DTranspose")
TOLERANCE = {"float32": 3e-6, "float64": 1e-12, "mixed_bfloat16": 2e-2}


def normal(*shape, dtype="float64"):
    return tf.cast(np.random.default_rng(sum(shape)).normal(size=shape), dtype)


def close(received, expected, tolerance):
    assert received.dtype == expected.dtype and received.shape == expected.shape
    expected = tf.cast(expected, tf.float64).numpy()
    scale = np.abs(expected).max()
    np.testing.assert_allclose(tf.cast(received, tf.float64), expected, atol=tolerance * scale)


def pair(name, dtype, channels=128, **arguments):
    """Returns our layer and Keras' with the same weights, and inputs for which ours is faster."""
    size, inner = (8, channels) if name == "Conv2D" else (4, 3)
    filters = 3 if name == "Conv2D" else channels
    arguments = {"kernel_size": 4, "strides": 2, "padding": "same", **arguments}
    x = normal(2, size, size, inner, dtype=dtype.removeprefix("mixed_"))
    layers = [
        getattr(module, name)(filters, dtype=dtype, **arguments)
        for module in (convolutions, keras.layers)
    ]
    for layer in layers:
        layer.build(x.shape)
        for variable in layer.trainable_variables:
            variable.assign(normal(*variable.shape))
    return (*layers, x)


@pytest.fixture
def calls(monkeypatch):
    """Records the kernel shape of each call of `kernel_gradient`, in a list."""
    shapes = []

    def recorded(images, features, kernel_shape, strides):
        shapes.append(tuple(kernel_shape))
        return kernel_gradient(images, features, kernel_shape, strides)

    monkeypatch.setattr(convolutions, "kernel_gradient", recorded)
    return shapes


def derivatives(layer, x, training=True):
    """Returns outputs, and first and second derivatives in the inputs and all weights."""
    of = [x, *(variable.value for variable in layer.trainable_variables)]
    with tf.GradientTape() as outer:
        outer.watch(of)
        with tf.GradientTape() as tape:
            tape.watch(of)
            y = layer(x, training=training)
            loss = tf.reduce_sum(tf.sin(tf.cast(y, of[1].dtype)))
        first = tape.gradient(loss, of)
        penalty = tf.add_n([tf.reduce_sum(tf.cast(g, of[1].dtype) ** 3) for g in first])
    return y, first, outer.gradient(penalty, of)


@pytest.mark.parametrize("size", [(8, 8), (7, 5), (1, 4)])
@pytest.mark.parametrize("strides", [(2, 2), (1, 1), (3, 2)])
@pytest.mark.parametrize("kernel", [(4, 4), (3, 5), (1, 2)])
def test_kernel_gradient_equals_tensorflow(kernel, strides, size):
    images, weights = normal(3, *size, 2), normal(*kernel, 2, 5)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        y = tf.nn.conv2d(images, weights, strides, "SAME")
    upstream = normal(*y.shape)
    expected = tape.gradient(y, weights, upstream)
    close(kernel_gradient(images, upstream, weights.shape, strides), expected, 1e-12)


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize("kernel_size", [4, 5])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", LAYERS)
def test_derivatives_equal_keras(name, dtype, kernel_size, graph, calls, rewriting):
    ours, keras_own, x = pair(name, dtype, kernel_size=kernel_size, activation="tanh")
    run = tf.function(derivatives) if graph else derivatives
    (y, first, second), expected = run(ours, x), run(keras_own, x)
    assert set(calls) == {ours.kernel.shape}
    np.testing.assert_array_equal(y, expected[0])
    for received, wanted in zip([*first, *second], [*expected[1], *expected[2]], strict=True):
        close(received, wanted, TOLERANCE[dtype])


@pytest.mark.parametrize("name", LAYERS)
def test_batch_of_any_size(name, calls):
    ours, keras_own, x = pair(name, "float64")
    signature = [tf.TensorSpec([None, *x.shape[1:]], x.dtype)]
    received, expected = (
        tf.function(lambda x, layer=layer: derivatives(layer, x), input_signature=signature)(x)
        for layer in (ours, keras_own)
    )
    assert calls
    for one, other in zip(tf.nest.flatten(received), tf.nest.flatten(expected), strict=True):
        close(one, other, 1e-12)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    "arguments",
    [{"channels": 127}, {"padding": "valid"}, {"strides": 1, "dilation_rate": 2}],
    ids=["channels", "valid", "dilated"],
)
def test_other_arguments_use_the_usual_gradient(name, arguments, calls):
    ours, keras_own, x = pair(name, "float32", **arguments)
    received, expected = derivatives(ours, x), derivatives(keras_own, x)
    for one, other in zip(tf.nest.flatten(received), tf.nest.flatten(expected), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not calls


@pytest.mark.parametrize("name", LAYERS)
def test_inference_and_accelerators_use_the_usual_gradient(name, calls, monkeypatch):
    layer, _, x = pair(name, "float32")
    derivatives(layer, x, training=False)
    devices = [tf.config.LogicalDevice(f"{kind}:0", kind) for kind in ("CPU", "GPU")]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda: devices)
    derivatives(layer, x)
    assert not calls


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_of_replicas_add_up_to_those_of_one_device(name, calls):
    strategy = make_strategy(cpu_replicas=2)
    with strategy.scope():
        layer, _, x = pair(name, "float64")

    def gradients(x):
        return derivatives(layer, x)[1][1:]

    def step():
        context = tf.distribute.get_replica_context()
        return context.all_reduce("SUM", gradients(x[context.replica_id_in_sync_group :][:1]))

    received = strategy.experimental_local_results(tf.function(strategy.run)(step))
    assert calls
    for one, other in zip(tf.nest.flatten(received[0]), gradients(x), strict=True):
        close(one, other, 1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_round_trip(name):
    layer, keras_own, _ = pair(name, "float32")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert type(copy) is type(layer) and copy.get_config() == layer.get_config()
    assert set(layer.get_config()) == set(keras_own.get_config())
    assert [v.path.split("/")[1:] for v in layer.variables] == [
        v.path.split("/")[1:] for v in keras_own.variables
    ]


@pytest.mark.parametrize("name", LAYERS)
def test_same_under_xla(name, calls):
    layer, _, x = pair(name, "float64")
    received = tf.function(lambda x: derivatives(layer, x), jit_compile=True)(x)
    assert calls
    for one, other in zip(
        tf.nest.flatten(received), tf.nest.flatten(derivatives(layer, x)), strict=True
    ):
        close(one, other, 1e-12)
