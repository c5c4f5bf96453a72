"""What each paper changes about the game, as far as a user could notice."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import losses, models, penalties, randomness
from keras_gan.distribution.replicas import make_strategy
from keras_gan.errors import UserError
from keras_gan.evaluation.discriminator_features import discriminator_features
from keras_gan.game.players import trainable_variables
from keras_gan.layers.batch_norm import BatchNormalization
from keras_gan.models.pacgan import packed, unpacked
from tests.conftest import build, examples, same, values

PLAIN = ["lsgan", "wgan", "wgan_gp", "dragan", "sngan", "pacgan", "unrolled"]
VECTORS = {"units": (6, 5)}


@pytest.fixture
def draws():
    with randomness.layer_draws(tf.constant((1, 2), tf.int64)):
        yield


def settings(optimizer):
    config = optimizer.get_config()
    names = ("learning_rate", "beta_1", "beta_2", "rho", "momentum", "epsilon")
    return {name: pytest.approx(config[name]) for name in names if name in config}


ADAM = {"name": "Adam", "beta_2": 0.999, "epsilon": 1e-7}
DEFAULTS = {
    "lsgan": (1, "least_squares", "", ADAM | {"learning_rate": 2e-4, "beta_1": 0.5}),
    "wgan": (5, "wasserstein", "", {"name": "RMSprop", "learning_rate": 5e-5, "rho": 0.99,
                                    "momentum": 0.0, "epsilon": 1e-16}),
    "wgan_gp": (5, "wasserstein", "gradient_penalty",
                ADAM | {"learning_rate": 1e-4, "beta_1": 0.0, "beta_2": 0.9}),
    "dragan": (1, "non_saturating", "dragan", ADAM | {"learning_rate": 2e-4, "beta_1": 0.5}),
    "sngan": (5, "hinge", "", ADAM | {"learning_rate": 2e-4, "beta_1": 0.0, "beta_2": 0.9}),
    "pacgan": (1, "non_saturating", "", ADAM | {"learning_rate": 2e-4, "beta_1": 0.5}),
    "unrolled": (1, "minimax", "", ADAM | {"learning_rate": 2e-4, "beta_1": 0.5}),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_defaults_are_the_papers(name):
    d_steps, objective, penalty, expected = DEFAULTS[name]
    model = models.get(name)((2,))
    pieces = model.game.pieces
    assert (model.d_steps, pieces.objective, pieces.penalty) == (d_steps, objective, penalty)
    assert pieces.penalty_weight == 10.0
    for optimizer in model.default_optimizers().values():
        assert {"name": type(optimizer).__name__, **settings(optimizer)} == expected


@pytest.mark.parametrize("name", PLAIN)
def test_vectors_are_for_perceptrons(name):
    """With the normalisation that the system has for them by default."""
    system, arguments = models.get(name), {"d_steps": 1, **VECTORS}
    model = system((2,), **arguments, latent_dim=4)
    model.compile()
    model.train_step(examples(4, (2,)))
    logs = model.train_step(examples(4, (2,)))
    assert np.isfinite([float(value) for value in logs.values()]).all()
    assert model.sample(3).shape == (3, 2)
    dense = [layer for layer in model.discriminator.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [6, 5, 1]
    assert not any(isinstance(x, BatchNormalization) for x in model.discriminator.layers)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("lsgan", {"objective": "hinge"}, "LSGAN always uses objective='least_squares'"),
        ("wgan", {"objective": "hinge"}, "WGAN always uses objective='wasserstein'"),
        ("wgan", {"clip": 0.0}, "clip must be a finite number above 0. Received: 0.0"),
        ("wgan_gp", {"penalty": "r1"}, "WGANGP always uses penalty='gradient_penalty'"),
        (
            "wgan_gp",
            {"normalization": "batch"},
            "have batch norm. Received: WGANGP with batch_norm",
        ),
        ("dragan", {"penalty": ""}, "DRAGAN always uses penalty='dragan'"),
        ("lsgan", {"normalization": "group"}, "normalization must be one of batch, layer"),
        ("dcgan", {"normalization": ""}, "normalization must be one of batch, layer"),
        ("pacgan", {"packing": 0}, "packing must be a whole number of at least 1. Received: 0"),
        ("pacgan", {"consistency": 1.0}, "PacGAN has one for each pack. Received: consistency=1.0"),
        ("unrolled", {"unroll_steps": -1}, "unroll_steps must be .* 0 to 100. Received: -1"),
        ("unrolled", {"units": (0,)}, "units must be a whole number of at least 1"),
        ("sngan", {"d_steps": 0}, "d_steps must be a whole number of at least 1"),
    ],
)
def test_what_a_system_refuses(name, arguments, message):
    with pytest.raises(UserError, match=message):
        build(name, **arguments)


@pytest.mark.parametrize("name", ["layer", "spectral", "none"])
def test_dcgans_discriminator_without_batch_norm(name):
    model = build("dcgan", normalization=name, penalty="gradient_penalty")
    kinds = [type(layer).__name__ for layer in model.discriminator.layers]
    assert "BatchNormalization" not in kinds
    assert ("GroupNormalization" in kinds) == (name == "layer")
    assert ("SpectralConv2D" in kinds) == ("SpectralDense" in kinds) == (name == "spectral")
    model.compile()
    model.train_step(examples(4))
    one, two = examples(2)["image"], examples(4)["image"][:2]
    logits = [model.discriminator(x, training=False) for x in (one, two)]
    np.testing.assert_allclose(*logits, rtol=1e-5)  # No example depends on another.
    copy = type(model).from_config(model.get_config())
    assert [v.shape for v in copy.variables] == [v.shape for v in model.variables]


@pytest.mark.parametrize("name", [*PLAIN, "dcgan"])
def test_discriminators_of_their_own_width(name):
    def widths(model):
        kernels = [v for v in model.discriminator.trainable_variables if v.name == "kernel"]
        return [kernel.shape[-1] for kernel in kernels]

    as_wide, wider = build(name, width=2), build(name, width=2, discriminator_width=3)
    assert (widths(as_wide), widths(wider)) == ([2, 4, 1], [3, 6, 1])
    shapes = [[v.shape for v in model.generator.variables] for model in (as_wide, wider)]
    assert shapes[0] == shapes[1]
    assert wider.get_config()["discriminator_width"] == 3
    copy = type(wider).from_config(wider.get_config())
    assert widths(copy) == [3, 6, 1]
    with pytest.raises(
        UserError, match="discriminator_width must be a whole number of at least 1. Received: 0"
    ):
        build(name, discriminator_width=0)


def test_layer_norm_is_over_all_features_of_an_example():
    network = build("dcgan", normalization="layer").discriminator
    (layer,) = (x for x in network.layers if isinstance(x, keras.layers.GroupNormalization))
    inputs = np.random.default_rng(0).normal(3.0, 5.0, (2, 4, 4, 4)).astype("float32")
    axes = (1, 2, 3)
    mean, variance = inputs.mean(axes, keepdims=True), inputs.var(axes, keepdims=True)
    np.testing.assert_allclose(layer(inputs), (inputs - mean) / np.sqrt(variance + 1e-5), 1e-3)


def test_wgan_clips_after_every_update_but_no_statistics():
    model = build("wgan", clip=0.003, d_steps=5)
    model.compile(discriminator_optimizer=keras.optimizers.SGD(1.0))
    batch = examples(20)
    for j in range(2):
        model.update("d", batch, j)
        weights = np.concatenate([v.numpy().ravel() for v in model.discriminator.trainable_weights])
        assert np.abs(weights).max() == pytest.approx(0.003)
        assert weights.min() < 0.0 < weights.max()
    names = [v.name for v in model.discriminator.trainable_weights]
    assert {"gamma", "beta", "kernel", "bias"} == set(names)
    statistics = {v.name: v.numpy() for v in model.discriminator.non_trainable_weights}
    assert statistics["moving_variance"].min() > 0.1  # On its way from 1.
    before = values(model.generator.trainable_weights)
    assert np.abs(np.concatenate([x.ravel() for x in before])).max() > 0.5  # Gammas, near 1.


def test_wgan_optimizer_is_torchs():
    """Of tiny gradients too, where it matters whether epsilon is in the root."""
    optimizer = build("wgan", (2,)).default_optimizers()["g"]
    gradients = np.array([1e-9, 1e-7, 1e-3, 1.0])
    variable = keras.Variable(np.zeros(4))
    expected, square = np.zeros(4), np.zeros(4)
    for _ in range(3):
        optimizer.apply([tf.constant(gradients, variable.dtype)], [variable])
        square = 0.99 * square + 0.01 * gradients**2
        expected -= 5e-5 * gradients / (np.sqrt(square) + 1e-8)
    np.testing.assert_allclose(variable.numpy(), expected, rtol=0.5)
    np.testing.assert_allclose(variable.numpy()[2:], expected[2:], rtol=1e-4)


def test_the_penalty_of_wgan_gp_by_hand(draws):
    model = build("wgan_gp", normalization="layer")
    real, fake = examples(3, seed=1), examples(3, seed=2)
    with randomness.layer_draws(tf.constant((3, 4), tf.int64)):
        loss = model.discriminator_loss(real, fake)
    found, watched = loss.total, loss.logged
    with randomness.layer_draws(tf.constant((3, 4), tf.int64)):
        expected = penalties.gradient_penalty(model.discriminator, real["image"], fake["image"])
    logits = [model.discriminator(x["image"]) for x in (real, fake)]
    np.testing.assert_allclose(watched["penalty"], expected, rtol=1e-4)
    np.testing.assert_allclose(found, logits[1] - logits[0] + 10.0 * expected, rtol=1e-4)
    np.testing.assert_allclose(watched["wasserstein"], logits[0] - logits[1], rtol=1e-4, atol=1e-6)


def test_sngan_normalises_every_kernel_of_d_and_g_leaves_them_alone():
    model = build("sngan", d_steps=5)
    model.compile()
    normed = [layer for layer in model.discriminator.layers if hasattr(layer, "kernel")]
    assert len(normed) == 3 and all(hasattr(layer, "direction") for layer in normed)
    assert not any(hasattr(layer, "direction") for layer in model.generator.layers)
    directions = [layer.direction for layer in normed]
    before = values(directions)
    model.update("d", examples(20))
    assert not any(np.array_equal(a, b) for a, b in zip(before, values(directions), strict=True))
    before = values(model.discriminator.variables)
    model.update("g", examples(20))
    assert same(before, values(model.discriminator.variables))
    # The slope of the whole is at most the product of the layers', each a sum of 3 x 3 shifts.
    images = examples(8)["image"]
    for _ in range(20):
        model.discriminator(images, training=True)
    gradients = penalties.input_gradients(model.discriminator, images)
    assert np.sqrt(np.sum(gradients**2, axis=(1, 2, 3))).max() < 9.0


@pytest.mark.parametrize("packing", [1, 2, 3])
@pytest.mark.parametrize("sides", [(), (2, 3)])
def test_packs_are_neighbours_side_by_side(packing, sides):
    images = np.random.default_rng(0).normal(size=(6, *sides, 2))
    expected = [
        np.concatenate(images[start : start + packing], axis=-1) for start in range(0, 6, packing)
    ]
    packs = packed(tf.constant(images), packing)
    np.testing.assert_array_equal(packs, expected)
    np.testing.assert_array_equal(unpacked(packs, packing), images)


def test_pacgan_judges_packs():
    model = build("pacgan", (3,), packing=2, penalty="r1", penalty_weight=1.0, **VECTORS)
    assert model.discriminator.input_shape == (None, 6)
    real, fake = examples(4, (3,), seed=1), examples(4, (3,), seed=2)
    loss = model.discriminator_loss(real, fake)
    found, watched = loss.total, loss.logged
    packs = [np.reshape(x["image"], (2, 6)) for x in (real, fake)]
    logits = [model.discriminator(x) for x in packs]
    expected = penalties.r1(model.discriminator, packs[0])
    assert found.shape == watched["penalty"].shape == (2,)
    np.testing.assert_allclose(watched["penalty"], expected, rtol=1e-5)
    game = losses.objective("non_saturating")
    np.testing.assert_allclose(found, game.discriminator(*logits) + expected, rtol=1e-5)
    model.compile()
    np.testing.assert_allclose(
        model.generator_loss(real, fake).total, game.generator(logits[1]), rtol=1e-5
    )
    with pytest.raises(UserError, match="multiple of packing=2 examples.*Received: 3"):
        model.discriminator_loss(examples(3, (3,)), examples(3, (3,)))


def test_pacgan_augments_examples_and_not_packs(draws):
    """Moved as one, the examples of a pack would move by the same."""
    model = build("pacgan", (16, 16, 3), augment="translation")
    seen = []
    model.answer = lambda examples: seen.append(examples["image"]) or tf.zeros(32)
    image = examples(1, (16, 16, 3))["image"]
    model.discriminate({"image": packed(tf.repeat(image, 64, axis=0), 2)})
    (packs,) = seen
    assert packs.shape == (32, 16, 16, 6)
    assert any(not np.array_equal(pack[..., :3], pack[..., 3:]) for pack in packs.numpy())


def test_packs_have_no_features_of_images():
    with pytest.raises(UserError, match=r"takes examples of shape \(16, 16, 2\), not single"):
        discriminator_features(build("pacgan").discriminator, np.zeros((2, 16, 16, 1)))


def unrolled(unroll_steps, image_shape=(2,), **arguments):
    """An unrolled GAN one step into its training, with what its players have seen."""
    model = build("unrolled", image_shape, unroll_steps=unroll_steps, **arguments)
    model.compile(discriminator_optimizer=keras.optimizers.Adam(0.01, beta_1=0.5))
    real, fake = examples(4, image_shape, seed=1), examples(4, image_shape, seed=2)
    for _ in range(2):
        model.update("d", real)
    return model, real, fake


@pytest.mark.parametrize("objective", ["minimax", "non_saturating"])
def test_unrolled_by_no_update_is_the_plain_game(objective):
    weights = []
    for name, arguments in (("unrolled", {"unroll_steps": 0}), ("dcgan", {})):
        arguments |= {"normalization": "none", "kernel_size": 3}
        model = build(name, objective=objective, **arguments)
        model.compile(seed=3)
        for seed in range(3):
            model.train_step(examples(4, seed=seed))
        weights.append(values(trainable_variables([*model.generators, *model.discriminators])))
    assert same(*weights)


@pytest.mark.parametrize(
    ("unroll_steps", "image_shape", "arguments"),
    [
        (1, (2,), {"units": (5,)}),
        (2, (2,), {"units": (5,), "objective": "non_saturating"}),
        (2, (2,), {"units": (5, 4), "normalization": "spectral"}),
        (2, (4, 4, 1), {"width": 1, "normalization": "none"}),
        (2, (8, 8, 1), {"width": 1}),
    ],
)
def test_gradient_through_unrolled_updates(unroll_steps, image_shape, arguments, float64):
    model, real, fake = unrolled(unroll_steps, image_shape, **arguments)
    before = values(model.discriminator.variables)

    def loss(images):
        return tf.reduce_mean(model.generator_loss(real, {"image": images}).total)

    images = tf.constant(fake["image"])
    with tf.GradientTape() as tape:
        tape.watch(images)
        value = loss(images)
    direction = np.random.default_rng(3).normal(size=images.shape)
    received = np.sum(tape.gradient(value, images) * direction)
    step = 1e-6
    slope = (loss(images + step * direction) - loss(images - step * direction)) / (2.0 * step)
    np.testing.assert_allclose(received, slope, rtol=1e-5)
    assert same(before, values(model.discriminator.variables))
    model.unroll_steps = 0
    with tf.GradientTape() as tape:
        tape.watch(images)
        value = loss(images)
    assert abs(np.sum(tape.gradient(value, images) * direction) / received - 1.0) > 1e-3


@pytest.mark.parametrize(
    "optimizer", [lambda: keras.optimizers.Adam(0.01, 0.5), lambda: keras.optimizers.SGD(0.1)]
)
def test_unrolled_updates_are_those_of_the_optimizer(optimizer, float64):
    model, real, fake = unrolled(2, units=(5,))
    model.compile(discriminator_optimizer=optimizer())
    model.update("d", real)
    foreseen = model._unrolled(real, fake)
    drawn = model.draw(real)._replace(examples=fake)
    for _ in range(2):
        model.update("d", real, made=drawn)
    for variable, value in foreseen:
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-9, atol=1e-12)


def test_unrolled_generator_descends_the_value_of_the_later_discriminator(float64):
    """log D_K(x) + log(1 - D_K(G(z))), both parts."""
    model, real, fake = unrolled(2, units=(5,))
    received = np.mean(model.generator_loss(real, fake).total)
    for variable, later in model._unrolled(real, fake):
        variable.assign(later)
    r, f = (model.discriminate(x)["logits"].numpy() for x in (real, fake))
    expected = -np.mean(np.log1p(np.exp(-r))) - np.mean(np.log1p(np.exp(f)))
    np.testing.assert_allclose(received, expected, rtol=1e-9)


@pytest.mark.parametrize(
    "optimizer", [keras.optimizers.RMSprop, lambda: keras.optimizers.Adam(clipnorm=1.0)]
)
def test_unrolling_needs_an_optimizer_it_can_differentiate(optimizer):
    model = build("unrolled", (2,), **VECTORS)
    model.compile(discriminator_optimizer=optimizer())
    data = tf.data.Dataset.from_tensors(examples(4, (2,)))
    with pytest.raises(UserError, match="differentiated: Adam without amsgrad or SGD .* Received:"):
        model.fit(data, verbose=0, shuffle=False)


def test_arguments_come_from_the_command_line():
    given = {"normalization": "layer", "units": "4,3", "packing": "3", "augment": "color"}
    parsed = models.parse_arguments(models.get("pacgan"), given)
    assert parsed == {"normalization": "layer", "units": (4, 3), "packing": 3, "augment": "color"}
    assert models.parse_arguments(models.get("wgan"), {"clip": "0.02"}) == {"clip": 0.02}
    for text, value in (("4", 4), ("none", None)):
        parsed = models.parse_arguments(models.get("lsgan"), {"discriminator_width": text})
        assert parsed == {"discriminator_width": value}
    with pytest.raises(UserError, match="_width must be a whole number or none. Received: 'half'"):
        models.parse_arguments(models.get("lsgan"), {"discriminator_width": "half"})


@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "arguments"), [("dragan", {}), ("pacgan", {}), ("unrolled", {"unroll_steps": 2})]
)
def test_replicas_with_batch_norm_in_d(name, arguments, float64):
    """As these are by default; the conformance tests take the cheaper ones without."""
    after = []
    for replicas in (1, 2):
        with make_strategy(cpu_replicas=replicas).scope():
            model = build(name, normalization="batch", **arguments)
            model.compile(seed=3)
        batch = examples(32)
        data = tf.data.Dataset.from_tensor_slices(batch).batch(8, drop_remainder=True)
        model.fit(data, verbose=0, shuffle=False)
        after.append(values(model.variables))
    for one, two in zip(*after, strict=True):
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-9)
