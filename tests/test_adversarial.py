"""The training step: the trap it avoids, its arithmetic, its theory, its messages."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import models, randomness
from keras_gan.distribution.replicas import make_strategy
from keras_gan.errors import UserError
from keras_gan.game.contest import Contest
from keras_gan.game.functions import Function
from keras_gan.game.loss import Loss
from keras_gan.game.model import AdversarialModel
from keras_gan.game.pieces import Pieces
from keras_gan.game.players import Player
from keras_gan.game.ports import Images, Latents
from tests.conftest import build, examples, same, values, watch


def test_keras_trap_of_the_plain_combined_model():
    """Toggling `trainable` in Keras 3 stops D from training and changes its batch norm."""
    keras.utils.set_random_seed(0)
    discriminator = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1),
        ]
    )
    discriminator.compile(keras.optimizers.SGD(0.1), "mse")
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
    discriminator.trainable = False
    combined = keras.Sequential([generator, discriminator])
    combined.compile(keras.optimizers.SGD(0.1), "mse")

    x, y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")
    before = values(discriminator.variables)
    with pytest.warns(UserWarning, match="does not have any trainable weights"):
        discriminator.train_on_batch(x, y)
    assert same(before, values(discriminator.variables))  # D was compiled trainable, yet is frozen.
    training, inference = (discriminator(x, training=mode) for mode in (True, False))
    np.testing.assert_array_equal(training, inference)  # Batch norm uses moving statistics.


def test_ours_does_not_have_the_trap():
    model = build("dcgan", (16, 16, 1))
    model.compile()
    batch = examples(8, (16, 16, 1))
    before = values(model.discriminator.variables)
    model.update("d", batch)
    after = values(model.discriminator.variables)
    changed = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert all(changed)  # Weights and moving statistics alike.
    model.update("g", batch)
    assert same(after, values(model.discriminator.variables))
    assert len(model.discriminator.non_trainable_variables) > 0  # Moving statistics were at stake.
    training, inference = (
        model.discriminator(batch["image"], training=mode).numpy() for mode in (True, False)
    )
    assert not np.allclose(training, inference, atol=1e-3)


def test_generator_learns_through_batch_statistics():
    """The frozen D answers the generator with batch statistics, as when it trains itself."""
    model = build("dcgan", (16, 16, 1))
    model.compile()
    batch = examples(8, (16, 16, 1))
    seen, discriminate = [], model.discriminate
    model.discriminate = lambda fake: seen.append((fake, discriminate(fake))) or seen[-1][1]
    model.update("g", batch)
    ((fake, answer),) = seen
    logits = model.discriminator(fake["image"], training=True)
    np.testing.assert_allclose(answer["logits"], logits, atol=1e-6)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


@pytest.mark.parametrize("reuse_fakes", [True, False])
def test_one_step_by_hand(reuse_fakes, float64):
    """Linear players, two SGD steps computed in numpy with the derivatives written out."""
    model = build(
        "gan", (3,), latent_dim=2, generator_units=(), discriminator_units=(), label_smoothing=0.1
    )
    rate_g, rate_d, seed = 0.3, 0.2, 5
    model.compile(
        keras.optimizers.SGD(rate_g),
        keras.optimizers.SGD(rate_d),
        seed=seed,
        reuse_fakes=reuse_fakes,
    )
    w, b = values(model.generator.trainable_variables)
    v, c = values(model.discriminator.trainable_variables)
    batch = examples(4, (3,))
    x = batch["image"].numpy()

    def latents(draw):
        key = randomness.training_seed(seed, 0, draw)
        return randomness.latents("normal", [4, 2], key).numpy().astype("float64")

    z = latents(0)
    fake = z @ w + b
    d_real = (sigmoid(x @ v + c) - 1.0 + 0.1) / 4.0
    d_fake = sigmoid(fake @ v + c) / 4.0
    v_new = v - rate_d * (x.T @ d_real + fake.T @ d_fake)
    c_new = c - rate_d * (d_real.sum(axis=0) + d_fake.sum(axis=0))

    z = z if reuse_fakes else latents(1)
    fake = z @ w + b
    d_samples = (sigmoid(fake @ v_new + c_new) - 1.0) / 4.0 @ v_new.T
    w_new = w - rate_g * z.T @ d_samples
    b_new = b - rate_g * d_samples.sum(axis=0)

    logs = model.train_step(batch)
    for received, expected in zip(
        values(model.generator.trainable_variables + model.discriminator.trainable_variables),
        (w_new, b_new, v_new, c_new),
        strict=True,
    ):
        np.testing.assert_allclose(received, expected, rtol=1e-9, atol=1e-12)
    g_loss = -np.log(sigmoid(fake @ v_new + c_new)).mean()
    assert float(logs["g_loss"]) == pytest.approx(g_loss, rel=1e-5)
    g_norm = np.sqrt(np.sum((z.T @ d_samples) ** 2) + np.sum(d_samples.sum(axis=0) ** 2))
    assert float(logs["g_gradient_norm"]) == pytest.approx(g_norm, rel=1e-5)
    d_norm = np.sqrt(np.sum((v_new - v) ** 2) + np.sum((c_new - c) ** 2)) / rate_d
    assert float(logs["d_gradient_norm"]) == pytest.approx(d_norm, rel=1e-5)
    average = values(model.averaged_generator.variables)
    np.testing.assert_allclose(average[0], w_new, rtol=1e-9)  # The first update is a copy.


@pytest.mark.parametrize("clipping", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_gradients_are_clipped_after_the_replicas_are_summed(clipping, float64):
    ended = []
    for replicas in (1, 2):
        strategy = make_strategy(cpu_replicas=replicas)
        with strategy.scope():
            model = build("gan", (3,), generator_units=(), discriminator_units=(4,))
            rule = {clipping: 0.01}
            optimizers = (keras.optimizers.SGD(1.0, **rule) for _ in range(2))
            model.compile(*optimizers, run_eagerly=True)
        data = tf.data.Dataset.from_tensor_slices(examples(8, (3,))).batch(8, drop_remainder=True)
        model.fit(data.repeat(2), verbose=0, shuffle=False)
        ended.append(values(model.variables))
    for one, two in zip(*ended, strict=True):
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-12)


def test_k_updates_take_every_kth_example():
    model = build("gan", (1,), d_steps=3)
    model.compile()
    seen = watch(model, "d")
    model.train_step({"image": tf.reshape(tf.range(6.0), [6, 1])})
    images = [real["image"].numpy().ravel().tolist() for real, _, _ in seen]
    assert images == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    assert int(model.discriminator_optimizer.iterations) == 3
    assert int(model.generator_optimizer.iterations) == 1


def test_real_and_fake_pass_through_d_separately():
    """Each pass moves the moving mean by its own batch's statistics, in order."""
    model = build("dcgan", (16, 16, 1))
    model.compile(discriminator_optimizer=keras.optimizers.SGD(0.0))
    batch = examples(4, (16, 16, 1))
    norm = next(
        layer
        for layer in model.discriminator.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    before = keras.Model(model.discriminator.input, norm.input)
    made = model.draw(batch)
    means = [
        tf.reduce_mean(before(x["image"]), axis=(0, 1, 2)).numpy() for x in (batch, made.examples)
    ]
    model.update("d", batch, 0, made)
    expected = 0.9 * (0.1 * means[0]) + 0.1 * means[1]
    np.testing.assert_allclose(norm.moving_mean.numpy(), expected, rtol=1e-4, atol=1e-7)


def test_generator_state_moves_once_a_step():
    """G's batch-norm statistics come from the pass it learns from; the other k - 1 leave none."""
    model = build("dcgan", d_steps=3)
    model.compile()
    norm = next(
        layer
        for layer in model.generator.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    before = keras.Model(model.generator.input, norm.input)
    latents = randomness.latents("normal", [4, 4], randomness.training_seed(0, 0, draw=2))
    mean = tf.reduce_mean(before(latents), axis=(0, 1, 2))
    model.train_step(examples(12))
    np.testing.assert_allclose(norm.moving_mean.numpy(), 0.1 * mean, rtol=1e-4)


def test_a_trained_discriminator_approaches_the_optimum():
    """D -> p_d / (p_d + p_g) and V -> -log 4 + 2 JSD (Goodfellow et al. 2014, section 4.1)."""
    model = build(
        "gan", (1,), latent_dim=1, generator_units=(), discriminator_units=(32, 32), dropout=0.0
    )
    model.compile(discriminator_optimizer=keras.optimizers.Adam(2e-3), seed=1)
    mean, spread = 1.5, 0.5  # p_g = N(1.5, 0.5^2), a linear generator; p_d = N(0, 1).
    for variable, value in zip(model.generator.variables, ([[spread]], [mean]), strict=True):
        variable.assign(value)

    @tf.function
    def update(seed):
        model.step.assign_add(1)
        real = tf.random.stateless_normal([512, 1], tf.stack([seed, 7]))
        model.update("d", {"image": real})

    for step in range(1200):
        if step == 1000:
            model.reset_metrics()
            model.discriminator_optimizer.learning_rate = 2e-4
        update(tf.constant(step))

    x = np.linspace(-8.0, 8.0, 4001)
    p_data = np.exp(-(x**2) / 2.0) / np.sqrt(2.0 * np.pi)
    p_fake = np.exp(-(((x - mean) / spread) ** 2) / 2.0) / (spread * np.sqrt(2.0 * np.pi))
    middle = (p_data + p_fake) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [np.nan_to_num(p * np.log(p / middle)) for p in (p_data, p_fake)]
    divergence = 0.5 * np.trapezoid(terms[0] + terms[1], x)
    logits = model.discriminator(x[:, None].astype("float32"), training=False).numpy()
    error = np.abs(sigmoid(logits) - p_data / (p_data + p_fake))
    assert np.trapezoid(error * middle, x) < 0.02  # Mean error where the examples are.
    watched = model.get_metrics_result()
    assert float(watched["value"]) == pytest.approx(-np.log(4.0) + 2.0 * divergence, abs=0.03)
    assert float(watched["jensen_shannon"]) == pytest.approx(divergence, abs=0.015)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (tf.zeros((4, 16, 16, 1)), "dicts with the key 'image'"),
        ({"x": tf.zeros((4, 16, 16, 1))}, r"Received: \['x'\]"),
        (
            {"image": tf.zeros((4, 16, 16, 3))},
            r"shape \(batch, 16, 16, 1\).*Received: \(4, 16, 16, 3\)",
        ),
        ({"image": tf.zeros((3, 16, 16, 1))}, "d_steps=2 times.*Received: 3 examples"),
    ],
)
def test_wrong_batches_are_named(batch, message):
    model = build("gan", d_steps=2)
    model.compile()
    with pytest.raises(UserError, match=message):
        model.train_step(batch)


def test_players_cannot_share_an_optimizer():
    model = build("gan")
    shared = keras.optimizers.Adam()
    with pytest.raises(UserError, match="optimizer of its own.*Received: the same Adam twice"):
        model.compile(shared, shared)


class Clipped(AdversarialModel):
    """A system with a hook, and with a second network on the generator's side."""

    def __init__(self, image_shape):
        super().__init__({"image": Images(image_shape)})
        plain, inputs = build("gan", image_shape), keras.Input(image_shape)
        self.generator, self.discriminator = plain.generator, plain.discriminator
        norm = keras.layers.BatchNormalization(momentum=0.5)(inputs)
        self.reader, self.contest = keras.Model(inputs, norm), Contest(Pieces())
        self.judge, self.seen = self.contest.critic(self.discriminator), []
        self.play(
            [
                Player("d", (self.discriminator,), self.discriminator_loss, updates=3),
                Player("g", (self.generator, self.reader), self.generator_loss),
            ],
            makers=[self.generator],
            functions={"sample": Function(self.generator, (Latents(4),), Images(image_shape))},
            contests=[self.contest],
        )

    def default_optimizers(self):
        return {"g": keras.optimizers.SGD(0.1), "d": keras.optimizers.SGD(10.0)}

    def make(self, real):
        latents = randomness.batch_latents("normal", real["image"].shape[0], 4)
        return {"image": self.generator(latents, training=True)}

    def discriminator_loss(self, real, made):
        return self.contest.discriminator_loss(self.judge, real, made, self.step)[0]

    def generator_loss(self, real, made):
        reading = self.reader(made["image"], training=True)
        loss, _ = self.contest.generator_loss(self.judge, real, made)
        return loss + Loss(tf.reduce_sum(reading**2, axis=1))

    def after(self, player, means, batch_size):
        self.seen.append((player, batch_size, sorted(means)))
        if player == "d":
            for variable in self.discriminator.trainable_variables:
                variable.assign(tf.clip_by_value(variable, -0.01, 0.01))


def test_the_hook_runs_after_every_update():
    model = Clipped((3,))
    model.compile()
    model.train_step(examples(12, (3,)))
    assert [seen[:2] for seen in model.seen] == [("d", 4)] * 3 + [("g", 4)]
    assert {"d_loss", "d_logits_real"} <= set(model.seen[0][2])
    for variable in model.discriminator.trainable_variables:
        assert np.abs(variable.numpy()).max() <= 0.01


def test_further_networks_of_the_generating_player_learn_and_keep_their_statistics():
    model = Clipped((3,))
    model.compile()
    before = values(model.reader.variables)
    model.train_step(examples(12, (3,)))
    gamma, beta, mean, variance = (
        not np.array_equal(a, b)
        for a, b in zip(before, values(model.reader.variables), strict=True)
    )
    assert gamma and beta and mean and variance


def test_labels_are_refused_by_unconditional_systems():
    message = r"inputs among latents: .* takes no labels. Received: labels=\[0, 1\]"
    with pytest.raises(UserError, match=message):
        build("gan").sample(2, labels=[0, 1])


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("gan", {"latent_dim": 0}, "latent_dim must be a whole number of at least 1. Received: 0"),
        (
            "dcgan",
            {"latent_dim": 0},
            "latent_dim must be a whole number of at least 1. Received: 0",
        ),
        ("dcgan", {"d_steps": 0}, "d_steps must be a whole number of at least 1. Received: 0"),
        ("dcgan", {"width": -1}, "width must be a whole number of at least 1. Received: -1"),
        ("gan", {"dropout": 1.0}, r"dropout must be in \[0, 1\). Received: 1.0"),
        ("gan", {"image_shape": (16, 16)}, r"image_shape must be .* Received: \(16, 16\)"),
        ("gan", {"latent_prior": "beta"}, "latent_prior must be one of normal, uniform"),
    ],
)
def test_wrong_arguments_are_named(name, arguments, message):
    with pytest.raises(UserError, match=message):
        build(name, **arguments)


def test_model_arguments_are_converted_and_checked():
    gan = models.get("gan")
    texts = {"latent_dim": "7", "label_smoothing": ".1", "generator_units": "8,9",
             "objective": "minimax"}  # fmt: skip
    assert models.parse_arguments(gan, texts) == {
        "latent_dim": 7, "label_smoothing": 0.1, "generator_units": (8, 9),
        "objective": "minimax",
    }  # fmt: skip
    with pytest.raises(UserError, match="no argument 'latent_din'. Did you mean 'latent_dim'"):
        models.parse_arguments(gan, {"latent_din": "7"})
    with pytest.raises(UserError, match="latent_dim must be a whole number. Received: '7.5'"):
        models.parse_arguments(gan, {"latent_dim": "7.5"})


def test_unknown_systems_are_named():
    with pytest.raises(UserError, match="Unknown model 'dcgen'. Did you mean 'dcgan'"):
        models.get("dcgen")
