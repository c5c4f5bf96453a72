"""DCGAN networks and perceptrons: the paper's rules, resolutions, refused shapes."""

import keras
import numpy as np
import pytest

from keras_gan.errors import UserError
from keras_gan.networks import dcgan, mlp

SIZES = [(8, 8), (16, 16), (28, 28), (32, 32), (48, 48), (64, 64), (96, 96), (128, 128), (64, 48)]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_dcgan_has_the_given_resolution(size, channels):
    shape = (*size, channels)
    generator = dcgan.Generator(shape, latent_dim=3, width=1, kernel_size=4)
    discriminator = dcgan.Discriminator(shape, width=1, kernel_size=5)
    assert generator.output_shape == (None, *shape)
    assert discriminator.input_shape == (None, *shape)
    assert discriminator.output_shape == (None,)


@pytest.mark.parametrize(
    ("size", "levels"),
    [((8, 8), 1), ((16, 16), 2), ((28, 28), 2), ((32, 32), 3), ((64, 64), 4), ((128, 128), 5)],
)
def test_base_is_nearest_to_four(size, levels):
    assert dcgan.levels((*size, 1)) == levels


def test_the_papers_generator():
    generator = dcgan.Generator((64, 64, 3), latent_dim=100, width=128, kernel_size=5)
    shapes = [
        layer.output.shape[1:]
        for layer in generator.layers
        if isinstance(layer, keras.layers.Reshape | keras.layers.Conv2DTranspose)
    ]
    assert shapes == [(4, 4, 1024), (8, 8, 512), (16, 16, 256), (32, 32, 128), (64, 64, 3)]
    assert generator.count_params() == (
        100 * 4 * 4 * 1024
        + 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3)
        + 4 * (1024 + 512 + 256 + 128)
        + 3
    )


@pytest.fixture(scope="module")
def pair():
    keras.utils.set_random_seed(0)
    return (
        dcgan.Generator((32, 32, 3), latent_dim=100, width=16, kernel_size=5),
        dcgan.Discriminator((32, 32, 3), width=16, kernel_size=5),
    )


def kinds(network):
    return [type(layer).__name__ for layer in network.layers]


def test_layers_follow_the_papers_rules(pair):
    generator, discriminator = pair
    assert kinds(generator) == [
        "InputLayer", "Dense", "Reshape",
        *["BatchNormalization", "ReLU", "Conv2DTranspose"] * 3,
        "Activation",
    ]  # fmt: skip
    assert kinds(discriminator) == [
        "InputLayer", "Conv2D", "LeakyReLU",
        *["Conv2D", "BatchNormalization", "LeakyReLU"] * 2,
        "Flatten", "Dense", "Reshape",
    ]  # fmt: skip
    assert generator.layers[-1].activation is keras.activations.tanh
    for layer in (*generator.layers, *discriminator.layers):
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose):
            assert layer.strides == (2, 2)
        if isinstance(layer, keras.layers.LeakyReLU):
            assert layer.negative_slope == 0.2
        if isinstance(layer, keras.layers.BatchNormalization):
            assert layer.momentum == 0.9 and layer.epsilon == 1e-5 and layer.synchronized


def test_layers_before_batch_norm_have_no_bias(pair):
    for network in pair:
        biased = [layer for layer in network.layers if getattr(layer, "use_bias", False)]
        followed = [
            layer
            for layer, later in zip(network.layers, network.layers[1:], strict=False)
            if isinstance(later, keras.layers.BatchNormalization)
        ]
        assert not set(biased) & set(followed)
    assert pair[0].layers[-2].use_bias and pair[1].layers[1].use_bias


def test_initial_weights_follow_the_paper(pair):
    for network in pair:
        for variable in network.trainable_variables:
            mean = {"kernel": 0.0, "gamma": 1.0, "beta": 0.0, "bias": 0.0}[variable.name]
            spread = {"kernel": 0.02, "gamma": 0.02, "beta": 0.0, "bias": 0.0}[variable.name]
            size = max(1, np.size(variable.numpy())) ** 0.5
            assert abs(variable.numpy().mean() - mean) <= 5 * spread / size
            if np.size(variable.numpy()) > 1000:
                assert variable.numpy().std() == pytest.approx(spread, rel=0.1)


@pytest.mark.parametrize(
    ("shape", "nearest"),
    [
        ((30, 30, 1), "28x28 and 32x32"),
        ((9, 9, 1), "8x8 and 10x10"),
        ((100, 100, 3), "96x96 and 112x112"),
        ((64, 8, 3), "48x16 and 56x16"),
        ((1, 1, 1), "4x4"),
    ],
)
def test_impossible_sizes_name_the_nearest(shape, nearest):
    with pytest.raises(UserError) as error:
        dcgan.Generator(shape, latent_dim=2, width=1, kernel_size=3)
    assert f"{shape[0]}x{shape[1]}" in str(error.value)
    assert nearest in str(error.value)


def test_dcgan_refuses_vectors():
    with pytest.raises(UserError, match="--model=gan"):
        dcgan.Discriminator((2,), width=1, kernel_size=3)


@pytest.mark.parametrize("shape", [(7, 5, 3), (2,)])
def test_perceptrons_take_any_shape(shape):
    generator = mlp.Generator(shape, latent_dim=3, units=(4, 5))
    discriminator = mlp.Discriminator(shape, units=(4,), pieces=2)
    samples = generator(np.full((6, 3), 100.0, "float32"))
    assert samples.shape == (6, *shape)
    assert discriminator(samples).shape == (6,)
    bounded = np.abs(samples).max() <= 1.0
    assert bounded == (len(shape) == 3)


def test_networks_round_trip_through_their_arguments():
    for network in (
        mlp.Discriminator((4, 4, 1), units=(3,), pieces=2),
        dcgan.Generator((8, 8, 1), latent_dim=2, width=2, kernel_size=3),
    ):
        copy = type(network).from_config(network.get_config())
        assert copy.get_config() == network.get_config()
        assert [v.shape for v in copy.variables] == [v.shape for v in network.variables]
