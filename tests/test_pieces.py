"""All the pieces that couple a batch or draw numbers, in one training step."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import losses, models, penalties, randomness
from keras_gan.augment import adapted_probability
from keras_gan.distribution.replicas import make_strategy
from keras_gan.errors import UserError
from keras_gan.game.pieces import PENALTIES, Pieces
from keras_gan.game.players import same_for_both
from keras_gan.layers.minibatch import (
    MinibatchDiscrimination,
    MinibatchStandardDeviation,
    read_out_of,
)
from keras_gan.layers.spectral_norm import SpectralConv2D, SpectralDense
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import mlp
from tests.conftest import LATENT, build, examples, values, watch

SHAPE = (6, 6, 1)


def discriminator():
    inputs = keras.Input(SHAPE)
    x = SpectralConv2D(2, 3, strides=2, padding="same", activation="tanh")(inputs)
    x = keras.layers.Flatten()(MinibatchStandardDeviation(None)(x))
    x = SpectralDense(1)(MinibatchDiscrimination(2, 2)(x))
    return keras.Model(inputs, keras.layers.Reshape(())(x))


class Coupled(LatentGAN):
    """A relativistic average game, penalised and augmented, whose D compares examples."""

    def __init__(self, **pieces):
        chosen = {"objective": "relativistic_average", "penalty": "dragan", "penalty_weight": 1.0}
        super().__init__(
            SHAPE,
            generator=mlp.Generator(SHAPE, latent_dim=4, units=(8,)),
            discriminator=discriminator(),
            latent_dim=4,
            pieces={**chosen, "augment": "translation", "top_k": 0.5, "top_k_images": 1, **pieces},
        )

    def default_optimizers(self):
        return same_for_both(keras.optimizers.SGD, 0.1)


def trained(replicas, steps, **pieces):
    keras.utils.set_random_seed(0)
    batch = examples(8, SHAPE)
    strategy = make_strategy(cpu_replicas=replicas)
    with strategy.scope():
        model = Coupled(**pieces)
    model.compile()
    if model.game.pieces.is_adaptive:
        model.game.probability.assign(0.5)

    def of_replica():
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        count = 8 // replicas
        own = tf.gather(batch["image"], index * count + tf.range(count))
        return model.train_step({"image": tf.ensure_shape(own, (count, *SHAPE))})

    start = values(model.variables)
    for _ in range(steps):
        logs = strategy.run(of_replica)
    means = [float(strategy.experimental_local_results(x)[0]) for x in logs.values()]
    names = [variable.path for variable in model.variables]
    return dict(zip(names, zip(start, values(model.variables), strict=True), strict=True)), means


@pytest.mark.parametrize(
    "pieces",
    [{}, {"objective": "hinge", "penalty": "r1,r2", "augment": "adaptive", "lecam": 0.1,
          "consistency": 1.0}],
)  # fmt: skip
def test_two_replicas_train_as_one_device(float64, pieces):
    steps = 4 if pieces else 2  # Augmentation adapts in the fourth.
    (one, one_means), (two, two_means) = (trained(n, steps, **pieces) for n in (1, 2))
    np.testing.assert_allclose(two_means, one_means, rtol=1e-5)  # Logged in float32.
    for (name, (before, after)), (_, other) in zip(one.items(), two.values(), strict=True):
        np.testing.assert_allclose(other, after, rtol=1e-9, atol=1e-10, err_msg=name)
        if "direction" in name or "kernel" in name or "probability" in name:
            assert not np.array_equal(before, after), name


def plain(**pieces):
    """A compiled GAN without random layers, and what its D says of a batch and of samples."""
    model = build("gan", (3,), dropout=0.0, **pieces)
    model.compile()
    real, fake = examples(8, (3,), seed=1), examples(8, (3,), seed=2)
    logits = [model.discriminator(x["image"], training=True) for x in (real, fake)]
    return model, real, fake, logits


def test_real_and_generated_examples_are_augmented_alike():
    """In D's update and in G's: one policy, each example by a draw of its own."""
    model = build("dcgan", (8, 8, 3), augment="color,translation,cutout")
    model.compile()
    image = examples(1, (8, 8, 3))["image"]
    batch = {"image": tf.repeat(image, 512, axis=0)}
    seen = []
    model.answer = lambda given: seen.append(given["image"].numpy()) or tf.zeros(512)
    with randomness.layer_draws(tf.constant((1, 2), tf.int64)):
        model.discriminator_loss(batch, batch)
    with randomness.layer_draws(tf.constant((1, 3), tf.int64)):
        model.generator_loss(batch, batch)
    assert len(seen) == 3  # Real and generated for D, generated for G.
    for number, one in enumerate(seen):
        assert len(np.unique(one.reshape(512, -1), axis=0)) == 512
        for other in seen[:number]:
            assert not np.array_equal(one, other)
            error = np.sqrt((one.var(axis=0) + other.var(axis=0)) / 512)
            assert (np.abs(one.mean(axis=0) - other.mean(axis=0)) < 5.0 * error).all()
            np.testing.assert_allclose(one.std(axis=0), other.std(axis=0), rtol=0.2)


@pytest.mark.parametrize("name", losses.OBJECTIVES)
def test_losses_are_those_of_the_objective(name):
    model, real, fake, (real_logits, fake_logits) = plain(
        objective=name, penalty="gradient_penalty", penalty_weight=0.0
    )
    objective = losses.objective(name)
    with randomness.layer_draws(tf.constant((1, 2), tf.int64)):
        loss = model.discriminator_loss(real, fake)
    np.testing.assert_allclose(loss.total, objective.discriminator(real_logits, fake_logits), 1e-5)
    assert set(objective.monitors(real_logits, fake_logits)) < set(loss.logged)
    given = (fake_logits, real_logits) if objective.relativistic else (fake_logits,)
    g_losses = model.generator_loss(real, fake).total
    np.testing.assert_allclose(g_losses, objective.generator(*given), rtol=1e-5)


@pytest.mark.parametrize("name", ["r1", "r2", "r1,r2"])
def test_penalties_of_one_pass_are_those_of_two(name):
    model, real, fake, logits = plain(penalty=name, penalty_weight=3.0)
    critic = lambda images: model.discriminator(images, training=True)  # noqa: E731
    by_hand = {"r1": penalties.r1(critic, real["image"]), "r2": penalties.r2(critic, fake["image"])}
    expected = sum(by_hand[one] for one in name.split(","))
    loss = model.discriminator_loss(real, fake)
    np.testing.assert_allclose(loss.logged["penalty"], expected, rtol=1e-5)
    game = losses.objective("non_saturating").discriminator(*logits)
    np.testing.assert_allclose(loss.total, game + 3.0 * expected, rtol=1e-5)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_lazy_penalty_comes_every_so_many_updates_and_is_as_much_stronger(name):
    def penalty(every, updates):
        model, real, fake, _ = plain(penalty=name, penalty_every=every)
        model.discriminator_optimizer.iterations.assign(updates)
        with randomness.layer_draws(tf.constant((1, 2), tf.int64)):
            logged = tf.function(lambda *given: model.discriminator_loss(*given).logged)
            return logged(real, fake)["penalty"].numpy()

    np.testing.assert_allclose(penalty(3, 6), 3.0 * penalty(1, 6), rtol=1e-4)
    assert not penalty(3, 7).any()


def test_updates_of_a_step_count_for_a_lazy_penalty():
    model = build("wgan_gp", (3,), d_steps=3, penalty_every=2)
    model.compile()
    found = watch(model, "d")
    model.run_eagerly = True
    data = tf.data.Dataset.from_tensors(examples(24, (3,))).repeat(2)
    model.fit(data, verbose=0, shuffle=False)
    are_there = [bool(np.any(loss.logged["penalty"])) for *_, loss in found]
    assert are_there == [True, False, True, False, True, False]


@pytest.mark.parametrize(
    ("system", "arguments", "received"),
    [
        ("dcgan", {"penalty": "r1"}, "batch_normalization"),
        ("dcgan", {"penalty": "r1", "normalization": "spectral"}, "spectral_conv2d"),
        ("dragan", {}, "dragan, which uses the standard deviation"),
    ],
)
def test_a_lazy_penalty_that_synchronises_is_refused_on_replicas(system, arguments, received):
    for count in (1, 2):
        with make_strategy(cpu_replicas=count).scope():
            model = build(system, penalty_every=2, **arguments)
        if count == 1:
            model.compile()
            continue
        with pytest.raises(UserError, match=f"penalty_every above 1.* Received: {received}"):
            model.compile()


def test_replicas_take_a_lazy_penalty_where_nothing_synchronises(float64):
    ends = []
    for count in (1, 2):
        with make_strategy(cpu_replicas=count).scope():
            model = build("dcgan", (8, 8, 1), penalty="r1", penalty_every=2, normalization="none")
            model.compile(seed=3, run_eagerly=count == 1)
        data = tf.data.Dataset.from_tensor_slices(examples(24, model.image_shape))
        data = data.batch(8, drop_remainder=True)
        model.fit(data, verbose=0, shuffle=False)
        ends.append(values(model.variables))
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("objective", "logits", "sign"),
    [("non_saturating", [0.1, -2.0, 3.0], 1 / 3), ("least_squares", [0.4, 0.6, 0.3], -1 / 3)],
)
def test_a_discriminator_is_sure_by_the_threshold_of_its_objective(objective, logits, sign):
    model = build("dcgan", (8, 8, 1), objective=objective, augment="adaptive")
    model.answer = lambda examples: tf.constant(logits)
    batch = examples(3, (8, 8, 1))
    with randomness.layer_draws(tf.constant((1, 2), tf.int64)):
        loss = model.discriminator_loss(batch, batch)
    assert np.mean(loss.logged["d_sign_real"]) == pytest.approx(sign)


def test_lecam_and_consistency_are_weighed_and_of_the_right_kind():
    model = build("dcgan", (8, 8, 1), lecam=0.5, consistency=2.0, normalization="none")
    model.compile()
    model.game.real_mean.assign(-0.3)
    model.game.fake_mean.assign(0.2)
    model.game.mean_weight.assign(1.0)
    real, fake = examples(4, (8, 8, 1)), examples(4, (8, 8, 1), seed=1)
    # One logit for an image, another for it moved.
    is_moved = []

    def answer(seen):
        is_real = [np.array_equal(seen["image"], kind["image"]) for kind in (real, fake)]
        is_moved.append(not any(is_real))
        if is_moved[-1]:
            return tf.constant([2.0, 3.0, 5.0, 7.0]) * sum(is_moved)
        return tf.constant([1.0, -2.0, 0.5, 0.0]) * (1.0 if is_real[0] else -3.0)

    model.answer = answer
    with randomness.layer_draws(tf.constant((1, 2), tf.int64)):
        loss = model.discriminator_loss(real, fake)
    assert is_moved == [False, False, True, True]
    r = np.array([1.0, -2.0, 0.5, 0.0])
    f, moved = -3.0 * r, np.array([2.0, 3.0, 5.0, 7.0])
    lecam = np.maximum(r - 0.2, 0.0) ** 2 + np.maximum(-0.3 - f, 0.0) ** 2
    consistency = (r - moved) ** 2 + (f - 2.0 * moved) ** 2
    np.testing.assert_allclose(loss.logged["lecam"], lecam, rtol=1e-5)
    np.testing.assert_allclose(loss.logged["consistency"], consistency, rtol=1e-5)
    game = np.log1p(np.exp(-r)) + np.log1p(np.exp(f))
    np.testing.assert_allclose(loss.total, game + 0.5 * lecam + 2.0 * consistency, rtol=1e-5)


def test_augmentation_adapts_to_how_sure_the_discriminator_is():
    model = build("dcgan", (8, 8, 1), augment="adaptive")
    model.compile()
    data = tf.data.Dataset.from_tensors(examples(8, (8, 8, 1))).repeat(9)
    model.fit(data, verbose=0, shuffle=False)
    game = model.game
    assert float(game.updates) == 1.0  # Of the ninth update; two changes were made before.
    assert 0.0 <= float(game.probability) <= 2.0 * 4 * 8 / 500_000
    for sign, expected in ((1.0, 1), (0.2, -1)):
        game.probability.assign(0.5)
        game.signs.assign(3.0 * sign)
        game.updates.assign(3.0)
        game.after_update({"d_sign_real": tf.constant(sign)}, batch_size=100)
        by_hand = adapted_probability(0.5, sign, batch_size=100, every=4)
        assert float(game.probability) == pytest.approx(float(by_hand), rel=1e-6)
        assert np.sign(float(game.probability) - 0.5) == expected
        assert float(game.updates) == float(game.signs) == 0.0


def test_lecam_follows_the_means_of_the_logits():
    model = build("gan", (3,), lecam=0.5)
    game, real, fake = model.game, tf.constant([3.0]), tf.constant([-3.0])
    assert float(game._lecam(real, fake)[0]) == 0.0  # There are no means yet.
    for logit in (2.0, 4.0):
        game.after_update(
            {"d_logits_real": tf.constant(logit), "d_logits_fake": tf.constant(-logit)}, 8
        )
    mean = (0.99 * 2.0 + 4.0) / 1.99  # Without the share of the zero that both start from.
    assert float(game._lecam(real, fake)[0]) == pytest.approx(2.0 * (3.0 + mean) ** 2, rel=1e-5)


def test_the_share_of_samples_to_learn_from_falls():
    model, real, fake, (_, logits) = plain(top_k=0.25, top_k_images=80)
    whole = losses.generator_non_saturating(logits)
    for step, share in ((0, 1.0), (5, 0.5), (10, 0.25), (99, 0.25)):
        model.step.assign(step)
        expected = losses.top_k(whole, logits, share)
        np.testing.assert_allclose(model.generator_loss(real, fake).total, expected, rtol=1e-5)


def test_pieces_are_arguments_of_every_system_of_latents():
    for name in LATENT:
        found = models.arguments(models.get(name))
        assert set(Pieces.__dataclass_fields__) <= set(found)
    given = models.parse_arguments(models.get("dcgan"), {"penalty": "r1", "augment": "color"})
    model = build("dcgan", **given, penalty_weight=2.0)
    copy = type(model).from_config(model.get_config())
    assert (
        copy.game.pieces
        == model.game.pieces
        == Pieces(penalty="r1", augment="color", penalty_weight=2.0)
    )


@pytest.mark.parametrize(
    ("name", "layer"),
    # One network of each kind: perceptrons, convolutions, blocks, heads.
    [(name, "discrimination") for name in ("gan", "dcgan", "sagan", "r3gan", "infogan")]
    + [(name, "standard_deviation") for name in ("gan", "dcgan", "sagan", "r3gan", "infogan")]
    + [
        pytest.param(name, "standard_deviation", marks=pytest.mark.soak)
        for name in LATENT
        if name not in ("gan", "dcgan", "sagan", "r3gan", "infogan")
    ],
)
def test_any_discriminator_may_compare_the_examples_of_a_batch(name, layer):
    plain = build(name)
    if not isinstance(read_out_of(plain.discriminator), keras.layers.Dense):
        with pytest.raises(UserError, match=f"Received: minibatch={layer} with logits from"):
            build(name, minibatch=layer)
        return
    model = build(name, minibatch=layer)
    differences = []
    for network in (model.discriminator, plain.discriminator):
        shape = (6, *network.inputs[0].shape[1:])
        images = np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")
        read_out = read_out_of(network).kernel
        read_out.assign(np.ones(read_out.shape))  # What was appended counts in every logit.

        def first_logit(images, network=network):
            given = {"images": images, "labels": np.zeros(6, "int64")}
            answer = network(given if isinstance(network.input, dict) else images)
            return (answer["logits"] if isinstance(answer, dict) else answer).numpy()[0]

        alone = first_logit(np.repeat(images[:1], 6, axis=0))
        differences.append(abs(first_logit(images) - alone))
    assert differences[0] > 1e-4 and differences[1] < 1e-5
    assert type(read_out_of(model.discriminator)) is type(read_out_of(plain.discriminator))
    if isinstance(plain.discriminator.output, dict):
        assert set(model.discriminator.output) == set(plain.discriminator.output)
    copy = type(model).from_config(model.get_config())
    assert [v.shape for v in copy.weights] == [v.shape for v in model.weights]


@pytest.mark.parametrize(
    ("system", "arguments", "message"),
    [
        ("gan", {"objective": "hing"}, "objective must be one of minimax"),
        ("gan", {"objective": "hinge", "label_smoothing": 0.1}, "label_smoothing has no meaning"),
        (
            "gan",
            {"penalty": "r3"},
            "penalty must be names among gradient_.* Received: 'r3'",
        ),
        ("gan", {"penalty": "r1,r1"}, "each at most once"),
        ("gan", {"penalty_weight": -1.0}, "penalty_weight must be 0 or more. Received: -1.0"),
        ("gan", {"penalty_every": 0}, "penalty_every must be at least 1"),
        ("gan", {"penalty_weight": 3.0}, "penalty_weight has no effect without penalty.*3.0"),
        ("gan", {"penalty_every": 2}, "penalty_every has no effect without penalty. Received: 2"),
        ("gan", {"top_k_images": 2}, "top_k_images has no effect without top_k. Received: 2"),
        (
            "dcgan",
            {"objective": "relativistic", "augment": "adaptive"},
            "adapts to the discriminator.s accuracy",
        ),
        ("r3gan", {"augment": "adaptive"}, "Received: objective=relativistic"),
        ("gan", {"minibatch": "mean"}, "minibatch must be one of .*discrimination.*'mean'"),
        ("gan", {"top_k": 0.0}, r"top_k must be in \(0, 1\]. Received: 0.0"),
        ("gan", {"augment": "blur"}, "augment must be adaptive, or a list of color"),
        (
            "gan",
            {"image_shape": (2,), "augment": "color"},
            r"augment needs images.*\(2,\) for GAN",
        ),
        ("gan", {"image_shape": (2,), "augment": "adaptive"}, "augment needs images"),
        ("gan", {"objective": "wasserstein"}, "wasserstein needs a critic of bounded slope.*GAN"),
        ("dcgan", {"objective": "wasserstein"}, "penalty=gradient_penalty, with normalization"),
        (
            "dcgan",
            {"penalty": "gradient_penalty"},
            "must not have batch norm. Received: DCGAN",
        ),
    ],
)
def test_pieces_that_do_not_go_together_are_refused_by_name(system, arguments, message):
    with pytest.raises(UserError, match=message):
        build(system, **{"image_shape": (16, 16, 1), **arguments})


def test_unknown_arguments_are_no_pieces():
    with pytest.raises(TypeError, match="GAN got an unexpected keyword argument 'widht'"):
        build("gan", widht=3)
