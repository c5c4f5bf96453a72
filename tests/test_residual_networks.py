"""The residual networks and perceptrons of R3GAN and SAGAN."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import models
from keras_gan.commands.training import train
from keras_gan.errors import UserError
from keras_gan.layers.attention import SelfAttention
from keras_gan.layers.batch_norm import BatchNormalization
from keras_gan.layers.convolutions import Conv2D
from keras_gan.networks import perceptrons, r3gan, resnet
from tests.conftest import build, examples
from tests.runs import configuration

SHAPES = [(8, 8, 1), (28, 28, 3), (32, 24, 1)]
R3GAN = {"width": 2, "growth": 2, "max_width": 4, "blocks": 1, "group_size": 2}


def latents(count=2, dimensions=3):
    return np.random.default_rng(0).normal(size=(count, dimensions)).astype("float32")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_networks_have_the_given_resolution(shape):
    for module, sizes in ((r3gan, R3GAN), (resnet, {"width": 2})):
        generator = module.Generator(shape, latent_dim=3, **sizes)
        discriminator = module.Discriminator(shape, **sizes)
        assert generator.output_shape == (None, *shape)
        assert discriminator.input_shape == (None, *shape)
        assert discriminator.output_shape == (None,)
        copy = type(generator).from_config(generator.get_config())
        assert [v.shape for v in copy.variables] == [v.shape for v in generator.variables]


@pytest.mark.parametrize("name", ["r3gan", "sagan"])
def test_impossible_sizes_are_refused(name):
    with pytest.raises(UserError, match="cannot make images of 30x30.*28x28 and 32x32"):
        build(name, (30, 30, 1))


def branches(network):
    """Returns the (input, output) tensors of each residual block."""
    return [
        (layer.input[0], layer.output)
        for layer in network.layers
        if isinstance(layer, keras.layers.Add)
    ]


def test_blocks_of_r3gan_start_as_the_identity():
    sizes = {**R3GAN, "blocks": 2}
    for network, inputs in (
        (r3gan.Generator((8, 8, 1), latent_dim=3, **sizes), latents()),
        (r3gan.Discriminator((8, 8, 1), **sizes), examples(2, (8, 8, 1))["image"]),
    ):
        found = branches(network)
        assert len(found) == 2 * 2
        for before, after in keras.Model(network.input, found)(inputs):
            assert np.array_equal(before, after) and np.any(before)


def test_initial_kernels_of_r3gan_follow_fixup():
    network = r3gan.Discriminator(
        (16, 16, 1), width=32, growth=2, max_width=64, blocks=2, group_size=16
    )
    assert r3gan.fixup(6) == 6 ** (-1 / 4)
    assert not any(isinstance(layer, BatchNormalization) for layer in network.layers)
    convolutions = [layer for layer in network.layers if isinstance(layer, Conv2D)]
    grouped = [layer for layer in convolutions if layer.groups > 1]
    assert len(grouped) == 6
    for layer in grouped:
        assert layer.filters // layer.groups == 16
        spread = np.sqrt(2 / 1.04) * 6 ** (-1 / 4) / np.sqrt(9 * 16)
        assert np.std(layer.kernel.numpy()) == pytest.approx(spread, rel=0.1)
    assert sum(not np.any(layer.kernel.numpy()) for layer in convolutions) == 6


@pytest.mark.parametrize("width", [8, 48])
def test_r3gan_starts_at_unit_variance_whatever_its_width(width):
    sizes = {**R3GAN, "width": width, "max_width": 2 * width}
    generator = r3gan.Generator((16, 16, 1), latent_dim=16, **sizes)
    assert 0.3 < np.std(generator(latents(200, 16))) < 3.0
    images = np.random.default_rng(1).normal(size=(200, 1, 1, 1)) * np.ones((1, 16, 16, 1))
    spreads = [
        np.std(r3gan.Discriminator((16, 16, 1), **sizes)(images.astype("float32")))
        for _ in range(8)
    ]
    assert 0.2 < np.mean(spreads) < 3.0


def relu(x):
    return np.maximum(x, 0.0)


def convolved(x, layer):
    return tf.nn.conv2d(x, layer.kernel, 1, "SAME").numpy() + layer.bias.numpy()


def halved(x):
    count, height, width, channels = x.shape
    return x.reshape(count, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))


@pytest.mark.parametrize(("first", "halves"), [(True, True), (False, True), (False, False)])
def test_down_blocks_by_hand(first, halves):
    x = np.random.default_rng(0).normal(size=(2, 6, 4, 3)).astype("float32")
    inputs = keras.Input(x.shape[1:])
    channels = 5 if halves else 3
    block = keras.Model(inputs, resnet.Blocks().down(inputs, channels, first=first, halves=halves))
    layers = [layer for layer in block.layers if isinstance(layer, Conv2D)]
    for number, layer in enumerate(layers):
        layer.bias.assign(np.full(layer.bias.shape, 0.1 * (number + 1)))
    wide = [layer for layer in layers if layer.kernel_size == (3, 3)]
    narrow = [layer for layer in layers if layer.kernel_size == (1, 1)]
    assert (len(wide), len(narrow)) == (2, int(halves))
    y = convolved(relu(convolved(x if first else relu(x), wide[0])), wide[1])
    if halves:
        beside = convolved(halved(x), narrow[0]) if first else halved(convolved(x, narrow[0]))
        y = halved(y) + beside
    else:
        y = y + x
    np.testing.assert_allclose(block(x), y, rtol=1e-4, atol=1e-5)


def test_the_residual_discriminator_sums_over_pixels():
    network = resnet.Discriminator((8, 8, 1), width=2)
    head = next(x for x in reversed(network.layers) if isinstance(x, keras.layers.Dense))
    head.bias.assign([0.7])
    features = branches(network)[-1][1]
    images = examples(3, (8, 8, 1))["image"]
    summed = relu(keras.Model(network.input, features)(images).numpy()).sum(axis=(1, 2))
    np.testing.assert_allclose(network(images), (summed @ head.kernel.numpy())[:, 0] + 0.7, 1e-5)


def test_perceptrons_start_at_the_scale_of_the_vectors():
    generator = perceptrons.Generator(2, latent_dim=3, units=(64, 64), scale=4.0)
    spread = np.std(generator(latents(500)))
    assert 1.0 < spread < 10.0
    discriminator = perceptrons.Discriminator(2, units=(64, 64), scale=4.0)
    first = next(layer for layer in discriminator.layers if isinstance(layer, keras.layers.Dense))
    assert 3.0 < np.abs(first.bias.numpy()).max() <= 4.0
    assert discriminator(np.zeros((5, 2), "float32")).shape == (5,)


def test_sagan_attends_at_the_given_level():
    model = build("sagan", (16, 16, 1), attention_level=1)
    for network in (model.generator, model.discriminator):
        (attention,) = [layer for layer in network.layers if isinstance(layer, SelfAttention)]
        assert attention.output.shape[1:3] == (8, 8)
        assert float(attention.gamma) == 0.0 and attention.spectral_norm
        features = np.random.default_rng(0).normal(size=(1, *attention.input.shape[1:]))
        assert np.array_equal(attention(features.astype("float32")), features.astype("float32"))
    without = build("sagan", (16, 16, 1), attention_level=0)
    assert not any(isinstance(x, SelfAttention) for x in without.discriminator.layers)
    with pytest.raises(UserError, match="attention_level must be from 0 .none. to 2.*Received: 3"):
        build("sagan", (16, 16, 1), attention_level=3)


def test_every_kernel_of_sagan_has_spectral_norm():
    model = build("sagan", (8, 8, 1))
    for network in (model.generator, model.discriminator):
        layers = [x for x in network._flatten_layers() if hasattr(x, "kernel")]
        assert len(layers) > 5 and all(hasattr(layer, "direction") for layer in layers)
    without = resnet.Generator((8, 8, 1), latent_dim=2, width=2)
    assert not any(hasattr(layer, "direction") for layer in without._flatten_layers())


def test_generator_layers_before_batch_norm_have_no_bias():
    generator = resnet.Generator((16, 16, 1), latent_dim=2, width=2)
    biased = [layer for layer in generator.layers if getattr(layer, "use_bias", False)]
    assert biased == [generator.layers[-2]]


def test_defaults_are_the_papers():
    model = build("sagan")
    adams = [model.default_optimizers()[player] for player in "gd"]
    rates = [float(adam.learning_rate) for adam in adams]
    assert rates == pytest.approx([1e-4, 4e-4])
    assert [(a.beta_1, a.beta_2) for a in adams] == [(0.0, 0.9)] * 2
    assert (model.game.pieces.objective, model.d_steps) == ("hinge", 1)
    model = build("r3gan")
    pieces = model.game.pieces
    assert (pieces.objective, pieces.penalties, pieces.penalty_every) == (
        "relativistic", ("r1", "r2"), 1,
    )  # fmt: skip
    defaults = models.arguments(models.get("r3gan"))
    assert defaults["schedule_images"].default == 20_000_000
    assert [defaults[name].default for name in ("penalty_weight", "penalty_weight_end")] == [
        0.05, 0.005,
    ]  # fmt: skip
    for name in ("objective", "penalty"):
        with pytest.raises(UserError, match=f"R3GAN always uses {name}"):
            build("r3gan", **{name: {"objective": "hinge", "penalty": "r1"}[name]})


@pytest.mark.parametrize(
    "wrong",
    [{"schedule_images": 0}, {"beta_2_end": 1.0}, {"penalty_weight_end": -1.0}, {"scale": 0.0}],
)
def test_bad_schedules_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(UserError, match=f"{name} must be"):
        build("r3gan", (2,), generator_units=(2,), discriminator_units=(2,), **wrong)


@pytest.mark.parametrize(("step", "share"), [(0, 0.0), (5, 0.5), (10, 1.0), (30, 1.0)])
def test_gamma_and_the_average_follow_the_images_seen(step, share):
    units = {"generator_units": (3,), "discriminator_units": (3,)}
    schedule = {"schedule_images": 80, "penalty_weight": 3.0, "penalty_weight_end": 1.0}
    model = build("r3gan", (2,), **units, **schedule)
    model.compile(ema_images=2)
    model.step.assign(step)
    real, fake = examples(8, (2,), seed=1), examples(8, (2,), seed=2)
    loss = model.discriminator_loss(real, fake)
    logits = [model.discriminator(x["image"]) for x in (real, fake)]
    game = tf.nn.softplus(logits[1] - logits[0])
    np.testing.assert_allclose(
        loss.total - game, (3.0 - 2.0 * share) * loss.logged["penalty"], 1e-4, 1e-6
    )
    half_life = min(2.0 * share, 0.05 * 8 * step)
    kept = 0.5 ** (8 / half_life) if half_life else 0.0
    assert float(model.ema_decay(8)) == pytest.approx(kept, rel=1e-4, abs=1e-7)


def test_old_runs_of_r3gan_continue_with_their_resampling(tmp_path, eagerly):
    settings = {"cpu_replicas": 1, "decay_images": None}
    train(configuration("r3gan", tmp_path, steps=1, **settings))
    record = json.loads((tmp_path / "config.json").read_text())
    assert record["model"].pop("centred_resampling")
    (tmp_path / "config.json").write_text(json.dumps(record))  # As older versions wrote it.
    model = train(configuration("r3gan", tmp_path, steps=2, **settings))
    assert not model.get_config()["centred_resampling"] and int(model.step) == 2
    record = json.loads((tmp_path / "config.json").read_text())
    assert record["model"]["centred_resampling"] is False


def test_old_models_of_r3gan_keep_their_resampling():
    """Their configurations do not name it."""
    config = build("r3gan").get_config()
    assert config.pop("centred_resampling")
    old = models.get("r3gan").from_config(config)
    assert not old.get_config()["centred_resampling"]
    layers = [*old.generator.layers, *old.discriminator.layers]
    assert {layer.centred for layer in layers if hasattr(layer, "centred")} == {False}
