"""Spectral norm compared with singular values; when its state changes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.layers.spectral_norm import SpectralConv2D, SpectralDense, normalised
from tests.conftest import same, values
from tests.replicas import assert_same_on_two_replicas, slope

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(4, 5))
IMAGES = RNG.normal(size=(4, 5, 5, 2))
LAYERS = {
    "dense": (lambda **options: SpectralDense(3, **options), VECTORS),
    "convolution": (lambda **options: SpectralConv2D(3, 3, strides=2, **options), IMAGES),
}
PLAIN = {
    "dense": lambda: keras.layers.Dense(3),
    "convolution": lambda: keras.layers.Conv2D(3, 3, strides=2),
}


def build(name, calls=0, **options):
    make, inputs = LAYERS[name]
    layer = make(**options)
    layer.build(inputs.shape)
    layer.kernel.assign(np.random.default_rng(1).normal(size=layer.kernel.shape))
    layer.direction.assign(np.linspace(0.5, 1.0, 3))
    if layer.use_bias:
        layer.bias.assign([0.1, -0.2, 0.3])
    for _ in range(calls):
        layer(inputs, training=True)
    return layer, inputs


def norm(layer):
    kernel = layer.kernel.numpy()
    return np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_divides_by_the_largest_singular_value(name, training, float64):
    layer, inputs = build(name, calls=60)
    plain = PLAIN[name]()
    plain.build(inputs.shape)
    plain.kernel.assign(layer.kernel / norm(layer))
    plain.bias.assign(layer.bias)
    np.testing.assert_allclose(layer(inputs, training=training), plain(inputs), rtol=1e-7)


@pytest.mark.parametrize("name", LAYERS)
def test_each_call_does_one_power_iteration(name, float64):
    layer, inputs = build(name)
    kernel = layer.kernel.numpy()
    matrix = kernel.reshape(-1, 3)
    v = matrix @ layer.direction.numpy()
    v /= np.linalg.norm(v)
    u = matrix.T @ v
    u /= np.linalg.norm(u)
    before = layer(inputs, training=False)
    np.testing.assert_array_equal(layer(inputs, training=True), before)
    np.testing.assert_allclose(layer.direction, u, rtol=1e-12)
    np.testing.assert_array_equal(layer.kernel, kernel)
    assert [v.name for v in layer.trainable_variables] == ["kernel", "bias"]
    assert v @ matrix @ u < norm(layer)


@pytest.mark.parametrize("name", LAYERS)
def test_inference_and_stateless_scopes_do_not_change_the_state(name):
    layer, inputs = build(name)
    before = values(layer.variables)
    layer(inputs, training=False)
    with keras.StatelessScope():
        layer(inputs, training=True)
    assert same(before, values(layer.variables))
    layer(inputs, training=True)
    assert not same(before, values(layer.variables))


@pytest.mark.parametrize("name", LAYERS)
def test_gradient_by_the_kernel(name, float64):
    """It is orthogonal to the kernel, and equals that of W / (v^T W u) with fixed u and v."""
    layer, inputs = build(name, calls=60, activation="tanh")
    start, direction = layer.kernel.numpy(), RNG.normal(size=layer.kernel.shape)

    def loss(kernel):
        layer.kernel.assign(kernel)
        return tf.reduce_sum(layer(inputs, training=False) ** 3)

    with tf.GradientTape() as tape:
        value = loss(start)
    gradient = tape.gradient(value, layer.kernel.value).numpy()
    size = np.linalg.norm(gradient) * np.linalg.norm(start)
    assert abs(np.sum(gradient * start)) < 1e-12 * size
    # With converged singular vectors, keeping them fixed does not change the gradient.
    np.testing.assert_allclose(
        np.sum(gradient * direction), slope(loss, start, direction), rtol=1e-5
    )


def test_gradient_keeps_vectors_fixed_before_they_converge():
    """The gradient of sum(G W / sigma) is G / sigma - <G, W> / sigma^2 v u^T, for any u."""
    weights, kernel = RNG.normal(size=(2, 5, 3))
    with tf.GradientTape() as tape:
        variable = tf.Variable(kernel)
        result, u = normalised(variable.value(), tf.constant([0.5, 1.0, -1.0], tf.float64))
        loss = tf.reduce_sum(weights * result)
    u, v = u.numpy(), kernel @ [0.5, 1.0, -1.0]
    v /= np.linalg.norm(v)
    sigma = v @ kernel @ u
    np.testing.assert_allclose(result, kernel / sigma)
    expected = weights / sigma - np.sum(weights * kernel) / sigma**2 * np.outer(v, u)
    np.testing.assert_allclose(tape.gradient(loss, variable), expected, rtol=1e-10)


def test_zeros_stay_zeros():
    layer, inputs = build("dense", use_bias=False)
    layer.kernel.assign(np.zeros((5, 3)))
    with tf.GradientTape() as tape:
        y = layer(inputs, training=True)
    np.testing.assert_array_equal(y, 0.0)
    assert np.isfinite(tape.gradient(y, layer.kernel.value)).all()
    assert np.isfinite(layer.direction).all()


@pytest.mark.parametrize("name", LAYERS)
def test_same_on_two_replicas(name, float64):
    def make():
        layer, _ = build(name)
        outputs = lambda x: layer(x, training=True)  # noqa: E731
        return lambda x: tf.reduce_sum(outputs(x) ** 2 + outputs(x), [*range(1, x.ndim)]), (
            layer.variables
        )

    assert_same_on_two_replicas(make, LAYERS[name][1])


def test_the_norm_is_computed_in_full_precision():
    layer, inputs = build("convolution", dtype="mixed_bfloat16")
    assert layer(tf.cast(inputs, tf.float32), training=True).dtype == tf.bfloat16
    expected, _ = build("convolution", calls=1)
    np.testing.assert_array_equal(layer.direction, expected.direction)


@pytest.mark.parametrize("name", LAYERS)
def test_round_trip(name):
    layer, inputs = build(name, use_bias=False, activation="relu")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(copy(inputs), layer(inputs))
    with pytest.raises(ValueError, match="data_format must be 'channels_last'"):
        SpectralConv2D(3, 3, data_format="channels_first")


@pytest.mark.parametrize("name", LAYERS)
def test_weight_files_contain_the_direction(name, tmp_path):
    path = tmp_path / "network.keras"
    network = keras.Sequential([build(name, calls=1)[0]])
    network(LAYERS[name][1])
    network.save(path)
    copy = keras.models.load_model(path)
    assert [v.name for v in copy.variables] == ["kernel", "bias", "direction"]
    assert same(values(network.variables), values(copy.variables))
