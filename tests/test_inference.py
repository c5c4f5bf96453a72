"""Networks rewritten for inference compute the same as the originals."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.layers import Conv1D, Conv2D, Conv2DTranspose, Dense, Reshape

from keras_gan.layers import convolutions
from keras_gan.layers.batch_norm import BatchNormalization
from keras_gan.layers.core import Dropout, Maxout, dtype_policy
from keras_gan.serving.folding import Affine
from keras_gan.serving.inference import inference_network
from keras_gan.serving.phases import PhasedConv2DTranspose
from tests.conftest import build, same, values

NORMS = (keras.layers.BatchNormalization, BatchNormalization)


def randomize(network, seed=0):
    """Sets all variables to values as after training, including batch norm statistics."""
    random = np.random.default_rng(seed)
    for variable in network.variables:
        if "float" in variable.dtype:
            is_positive = variable.name in ("gamma", "moving_variance")
            low, high = (0.5, 2.0) if is_positive else (-0.5, 0.5)
            variable.assign(random.uniform(low, high, variable.shape))
    return network


def rewritten(network, batch=3, tolerance=1e-6, **options):
    """Checks that the rewritten network equals the original, and returns it."""
    before, operations = values(network.variables), network.operations
    nodes = [len(operation._inbound_nodes) for operation in operations]
    random = np.random.default_rng(1)
    given = keras.tree.map_structure(
        lambda tensor: random.uniform(-1, 1, (batch, *tensor.shape[1:])).astype(tensor.dtype),
        network.input,
    )
    made = inference_network(network, **options)
    expected, received = network(given, training=False), made(given)
    keras.tree.assert_same_structure(expected, received)
    for one, other in zip(keras.tree.flatten(expected), keras.tree.flatten(received), strict=True):
        scale = max(1.0, np.abs(one).max()) if batch else 1.0
        np.testing.assert_allclose(np.array(one), other, atol=tolerance * scale, rtol=0)
    assert [tensor.name for tensor in made.inputs] == [tensor.name for tensor in network.inputs]
    assert made.output_names == network.output_names
    assert all("float32" == v.dtype for v in made.variables if "float" in v.dtype)
    assert not any(isinstance(layer, NORMS) for layer in made._flatten_layers())
    # The original: the same values, and not a part of another graph.
    assert same(before, values(network.variables))
    assert nodes == [len(operation._inbound_nodes) for operation in operations]
    return made


def kinds(network):
    return [type(layer).__name__ for layer in network.layers[1:]]


def chain(shape, *operations, dtype="float32"):
    inputs = x = keras.Input(shape, name="latents", dtype=dtype)
    for operation in operations:
        x = operation(x)
    return randomize(keras.Model(inputs, x, name="generator"))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("use_bias", [False, True])
@pytest.mark.parametrize(
    ("shape", "product"),
    [
        ((4,), lambda **options: Dense(6, **options)),
        ((3, 4), lambda **options: Dense(6, **options)),
        ((5, 4), lambda **options: Conv1D(6, 3, **options)),
        ((5, 4, 2), lambda **options: Conv2D(6, 3, strides=2, **options)),
        ((5, 4, 2), lambda **options: convolutions.Conv2D(6, (3, 2), padding="same", **options)),
        ((5, 4, 2), lambda **options: Conv2DTranspose(6, 4, strides=2, **options)),
        (
            (5, 4, 2),
            lambda **options: convolutions.Conv2DTranspose(6, 5, 2, padding="same", **options),
        ),
    ],
)
def test_folded_into_the_product_before(shape, product, use_bias, norm):
    made = rewritten(chain(shape, product(use_bias=use_bias), norm(), keras.layers.ReLU()))
    assert len(made.layers) == 3
    made = rewritten(chain(shape, product(use_bias=use_bias), norm()))  # The output's name.
    assert kinds(made)[1:] == ["Identity"]


def test_scale_and_center():
    for scale, center in ((False, True), (True, False), (False, False)):
        norm = BatchNormalization(scale=scale, center=center)
        assert kinds(rewritten(chain((4,), Dense(3), norm, Dense(2)))) == ["Dense", "Dense"]
        norm = BatchNormalization(scale=scale, center=center)
        assert kinds(rewritten(chain((4,), norm, Dense(2)))) == ["Affine", "Dense"]


def test_through_a_reshape():
    made = rewritten(chain((4,), Dense(24), Reshape((2, 4, 3)), BatchNormalization(), Dense(1)))
    assert kinds(made) == ["Dense", "Reshape", "Dense"]
    # Each unit of the layer would be of several channels here.
    made = rewritten(chain((2, 4), Dense(3), Reshape((6,)), BatchNormalization(), Dense(1)))
    assert kinds(made) == ["Dense", "Reshape", "Affine", "Dense"]
    made = rewritten(chain((2, 4), Dense(3), Reshape((3, 2)), BatchNormalization(), Dense(1)))
    assert kinds(made) == ["Dense", "Reshape", "Affine", "Dense"]


@pytest.mark.parametrize(
    "product",
    [
        lambda: Dense(6, activation="relu"),
        lambda: keras.layers.SeparableConv2D(6, 3),
        lambda: Maxout(6, 2),
        lambda: keras.layers.LayerNormalization(),
        lambda: keras.layers.SpectralNormalization(Conv2D(6, 3)),
    ],
)
def test_batch_norm_becomes_affine_if_it_cannot_be_folded(product):
    shape = (4,) if product().__class__ in (Dense, Maxout) else (5, 4, 2)
    made = rewritten(chain(shape, product(), BatchNormalization(), keras.layers.ReLU()))
    assert kinds(made)[1:] == ["Affine", "ReLU"]


@pytest.mark.parametrize("axis", [1, 2, -1])
def test_other_axes(axis):
    norm = keras.layers.BatchNormalization(axis=axis)
    made = rewritten(chain((4, 3, 2), Dense(5), norm, Dense(1)))
    assert ("Affine" in kinds(made)) == (axis != -1)


def test_shared_product():
    """One kernel is followed by two batch norms, as with conditions."""
    inputs = keras.Input((4,), name="latents")
    shared = Dense(3)
    x = [keras.layers.BatchNormalization()(shared(inputs)) for _ in range(2)]
    x[1] = shared(keras.layers.Concatenate()([x[1], inputs[:, :1]]))
    made = rewritten(randomize(keras.Model(inputs, keras.layers.Add()(x))))
    assert kinds(made).count("Dense") == 1 and kinds(made).count("Affine") == 2


def test_shared_batch_norm():
    inputs = keras.Input((4,), name="latents")
    norm = BatchNormalization()
    x = keras.layers.Multiply()([norm(Dense(3)(inputs)), norm(Dense(3)(inputs))])
    made = rewritten(randomize(keras.Model(inputs, norm(x))))
    assert kinds(made) == ["Dense", "Dense", "Multiply", "Affine"]


def test_residual_block_and_two_outputs():
    """Batch norms after sums, and after layers that are used twice or are outputs, stay."""
    inputs = {
        "latents": keras.Input((4, 4, 3), name="latents"),
        "labels": keras.Input((), dtype="int64", name="labels"),
    }
    x = Conv2D(3, 1)(inputs["latents"])
    y = keras.layers.ReLU()(BatchNormalization()(x))
    y = keras.layers.LeakyReLU(0.2)(BatchNormalization()(Conv2D(3, 3, padding="same")(y)))
    y = keras.layers.Add()([x, y * 0.5])
    y = y + keras.layers.Embedding(5, 3)(inputs["labels"])[:, None, None]
    inner = Conv2D(2, 3)(BatchNormalization()(y))
    images = keras.layers.Activation("tanh")(BatchNormalization()(inner))
    network = keras.Model(inputs, {"images": images, "inner": inner})
    made = rewritten(randomize(network))
    assert kinds(made).count("Affine") == 3
    assert set(made.input) == {"latents", "labels"} and set(made.output) == {"images", "inner"}
    assert made.input["labels"].dtype == "int64"


def test_networks_in_networks():
    inner = chain((4,), Dense(6), BatchNormalization(), Dropout(0.5), Maxout(4))
    ordered = keras.Sequential([keras.Input((4,)), Dense(4), BatchNormalization()])
    inputs = keras.Input((4,), name="latents")
    network = randomize(keras.Model(inputs, inner(ordered(inner(inputs)))))
    made = rewritten(network)
    assert len(made.layers) == 3 and kinds(made.layers[1]) == ["Dense", "Maxout"]
    assert kinds(inference_network(ordered)) == ["Dense", "Identity"]


def test_training_only_layers_are_removed():
    made = rewritten(
        chain((4,), Dense(3), keras.layers.GaussianNoise(1.0), Dropout(0.5), Dense(2)), batch=4
    )
    assert kinds(made) == ["Dense", "Dense"]
    assert not made.trainable_variables
    latents = tf.ones((2, 4))
    np.testing.assert_array_equal(made(latents, training=True), made(latents))


def transposed(size, kernel, strides, filters, layer=Conv2DTranspose, **options):
    options = {"padding": "same", "activation": "tanh"} | options
    return chain((*size, 3), layer(filters, kernel, strides, **options))


@pytest.mark.parametrize("filters", [2, 17])  # All phases together, and each by itself.
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 6])
def test_phases(kernel, stride, filters):
    made = rewritten(transposed((3, 5), kernel, stride, filters))
    assert ("PhasedConv2DTranspose" in kinds(made)) == (kernel >= stride)
    assert kinds(rewritten(transposed((1, 2), kernel, stride, filters))) == kinds(made)


@pytest.mark.parametrize("layer", [Conv2DTranspose, convolutions.Conv2DTranspose])
def test_phases_of_different_axes(layer):
    for kernel, strides in itertools.product([(3, 5), (6, 2)], [(1, 2), (3, 2), (2, 1)]):
        for size in ((4, 3), (None, None)):
            filters = 2 if size == (4, 3) else 17
            network = transposed(size, kernel, strides, filters, layer, use_bias=False)
            made = inference_network(network)
            assert kinds(made) == ["PhasedConv2DTranspose"]
            assert made.output.shape == network.output.shape
            given = np.random.default_rng(2).uniform(-1, 1, (2, 4, 3, 3)).astype("float32")
            np.testing.assert_allclose(made(given), network(given), atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"padding": "valid"},
        {"strides": 1, "dilation_rate": 2},
        {"output_padding": 1},
        {"kernel": (2, 3), "strides": (3, 2)},
    ],
)
def test_other_transposed_convolutions_stay(options):
    network = transposed(**{"size": (4, 3), "kernel": 4, "strides": 2, "filters": 2} | options)
    assert kinds(rewritten(network)) == ["Conv2DTranspose"]


def test_phases_of_a_shared_layer_and_of_a_config():
    inputs = keras.Input((4, 4, 3), name="latents")
    shared = Conv2DTranspose(3, 4, 2, padding="same")
    x = shared(BatchNormalization()(shared(inputs)))
    made = rewritten(randomize(keras.Model(inputs, x)), tolerance=1e-5)
    assert kinds(made) == ["PhasedConv2DTranspose", "Affine"]
    again = keras.Model.from_config(made.get_config())
    again.set_weights(made.get_weights())
    given = np.ones((1, 4, 4, 3), "float32")
    np.testing.assert_array_equal(again(given), made(given))


@pytest.mark.parametrize("kernel_size", [3, 4, 5])
@pytest.mark.parametrize("shape", [(16, 16, 1), (24, 16, 3)])
def test_dcgan(kernel_size, shape):
    network = randomize(build("dcgan", shape, kernel_size=kernel_size).generator)
    made = rewritten(network)
    assert not any(isinstance(layer, Affine) for layer in made.layers)
    phased = [isinstance(layer, PhasedConv2DTranspose) for layer in made.layers]
    assert sum(phased) == sum(isinstance(layer, Conv2DTranspose) for layer in network.layers)
    # TensorFlow's convolutions of no examples have a wrong shape; see `endpoints`.
    rewritten(network, batch=0, phased=False)
    again = rewritten(made)  # Nothing is left to do.
    assert same(values(made.variables), values(again.variables))


@pytest.mark.parametrize("shape", [(16, 16, 1), (2,)])
def test_gan(shape):
    rewritten(randomize(build("gan", shape).generator))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float64"])
def test_other_precisions(policy):
    with dtype_policy(policy):
        network = build("dcgan").generator
        plain = chain((4,), Dense(3), BatchNormalization(), Maxout(4), lambda x: x * 2.0)
    rewritten(randomize(network), tolerance=1e-6 if policy == "float64" else 0.05)
    rewritten(plain, tolerance=1e-6 if policy == "float64" else 0.05)


def test_networks_with_their_own_call_stay_unchanged():
    class Custom(keras.Model):
        def call(self, inputs):
            return super().call(inputs) + 1.0

    inputs = keras.Input((4,))
    for network in (Custom(inputs, Dense(3)(inputs)), Dense(3), keras.Sequential([Dense(3)])):
        assert inference_network(network) is network
    # In another network such a model is a layer like others.
    rewritten(chain((4,), Serial()))


@keras.saving.register_keras_serializable(package="tests")
class Serial(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = Dense(3)

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.built = True

    def call(self, inputs):
        return self.dense(inputs) + 1.0

    def get_config(self):
        return {"name": self.name}
