"""Tests of the base model on toy systems: makers, shared networks, functions, averages."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import randomness
from keras_gan.errors import UserError
from keras_gan.game.functions import Function
from keras_gan.game.loss import Loss
from keras_gan.game.players import Player
from keras_gan.game.ports import Images
from tests.conftest import same, values
from tests.linear_toys import (
    BATCH,
    IMAGES,
    RATE,
    X,
    assert_resumes,
    counts,
    data,
    dense,
    distance,
    towards,
    toy,
)

# Generating examples, and further forward passes in the loss.


@pytest.mark.parametrize("reuse_fakes", [True, False])
def test_a_pass_in_the_loss_starts_from_the_statistics_of_the_first_pass(reuse_fakes):
    """As in a cycle loss. Gradients flow through both passes. Other players change no state."""
    keras.utils.set_random_seed(0)
    network, judge = dense(norm=True), dense(1)
    players = [
        Player("d", (judge,), lambda real, made: Loss(judge(made["b"])[:, 0])),
        Player(
            "g",
            (network,),
            lambda real, made: Loss(distance(network(made["b"], training=True), real["image"])),
        ),
    ]
    networks = {"network": network, "judge": judge}
    make = lambda real: {"b": network(real["image"], training=True)}  # noqa: E731
    model = toy(networks, players, make, makers=[network])
    model.compile(reuse_fakes=reuse_fakes)
    kernel = network.layers[1].kernel.numpy()
    with tf.GradientTape() as tape, keras.StatelessScope():
        twice = network(network(X, training=True), training=True)
        loss = tf.reduce_mean(distance(twice, X))
    slope = tape.gradient(loss, network.layers[1].kernel.value).numpy()
    model.train_step(BATCH)

    mean, variance, seen = np.zeros(2), np.ones(2), X
    for _ in range(2):
        seen = seen @ kernel
        mean, variance = 0.5 * mean + 0.5 * seen.mean(0), 0.5 * variance + 0.5 * seen.var(0)
        seen = (seen - seen.mean(0)) / np.sqrt(seen.var(0) + 1e-3)
    norm = network.layers[2]
    np.testing.assert_allclose(norm.moving_mean.numpy(), mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(norm.moving_variance.numpy(), variance, rtol=1e-4)
    moved = network.layers[1].kernel.numpy() - kernel
    np.testing.assert_allclose(moved, -RATE * slope, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(("reuse_fakes", "makes"), [(True, 2), (False, 4)])
def test_generated_examples_are_reused_until_a_maker_is_updated(reuse_fakes, makes):
    maker, judge = dense(), dense(1)
    seen = {}

    def player(name, network, **settings):
        def loss(real, made):
            seen[name] = made
            return Loss(network(made["image"] if made else real["image"])[:, 0])

        return Player(name, (network,), loss, **settings)

    alone, other = dense(1), dense(1)
    reads = lambda real, made: seen.update(g=made) or Loss(judge(made["image"])[:, 0])  # noqa: E731
    players = [
        player("a", judge),
        player("n", alone, needs_made=False),
        player("b", other),
        Player("g", (maker,), reads),
        player("h", last := dense(1)),
    ]
    networks = dict(zip("mjaol", (maker, judge, alone, other, last), strict=True))
    count = []
    make = lambda real: count.append(1) or {"image": maker(real["image"])}  # noqa: E731
    model = toy(networks, players, make, makers=[maker])
    model.compile(reuse_fakes=reuse_fakes)
    first = maker(X).numpy()
    model.train_step(BATCH)
    assert len(count) == makes
    assert seen["n"] == {}
    assert (seen["a"] is seen["b"] is seen["g"]) == reuse_fakes
    for name in "abg":
        np.testing.assert_allclose(seen[name]["image"], first, rtol=1e-6)
    np.testing.assert_allclose(seen["h"]["image"], maker(X), rtol=1e-6)
    assert not np.allclose(first, maker(X))


@pytest.mark.parametrize("parts", [1, 2])
def test_a_player_that_needs_no_generated_examples_draws_none(parts):
    network = dense()
    player = Player("r", (network,), towards(network, 1.0), needs_made=False)
    model = toy([network], [player], lambda real: pytest.fail("drew"), makers=[network])
    model.compile(accumulate_steps=parts)
    before = values(network.variables)
    model.train_step(BATCH)
    assert not same(before, values(network.variables))


def test_a_maker_composed_of_two_networks_is_trained():
    """The player lists the two inner networks, not the composed one."""
    encoder, decoder = dense(1), dense(2, inputs=1)
    whole = keras.Model(encoder.input, decoder(encoder.output))
    loss = lambda real, made: Loss(distance(made["image"], real["image"]))  # noqa: E731
    players = [Player("r", (encoder, decoder), loss)]
    functions = {"reconstruct": Function(whole, (IMAGES,), IMAGES)}
    make = lambda real: {"image": whole(real["image"])}  # noqa: E731
    model = toy([encoder, decoder], players, make, makers=[whole], functions=functions)
    model.compile(ema_images=0)
    before = values([*encoder.variables, *decoder.variables])
    model.train_step(BATCH)
    after = values([*encoder.variables, *decoder.variables])
    assert not any(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    np.testing.assert_allclose(model(X), whole(X), rtol=1e-6)  # The average follows the parts.


# Networks in several players.


def test_a_network_in_two_players_must_be_declared_shared():
    network = dense()
    players = [Player(name, (network,), towards(network, 1.0), needs_made=False) for name in "ab"]
    with pytest.raises(ValueError, match="among `shared`. Received: .*kernel of a and b"):
        toy([network], players)
    model = toy([network], players, shared=[network])
    model.train_step(BATCH)
    assert [int(model.optimizers[name].iterations) for name in "ab"] == [1, 1]
    twice = Player("a", (network, network), towards(network, 1.0))
    with pytest.raises(ValueError, match="Received: a with a network twice"):
        toy([network], [twice], shared=[network])


def by_hand(kernel, goals):
    """Returns the kernel after one update towards each of `goals`, in order."""
    for goal in goals:
        kernel = kernel - RATE * 2.0 / len(X) * X.T @ (X @ kernel - goal * X)
    return kernel


@pytest.mark.parametrize("updates", [1, 2])
def test_a_shared_network_is_averaged_once_in_a_step(updates):
    """The average moves after the last update of the network. Updates build on one another."""
    network, other = dense(), dense()
    players = [
        Player("a", (network,), towards(network, 2.0), needs_made=False),
        Player("b", (network,), towards(network, -1.0), updates, needs_made=False),
        Player("c", (other,), towards(other, 1.0), needs_made=False),
    ]
    functions = {
        name: Function(each, (IMAGES,), IMAGES)
        for name, each in (("first", network), ("second", other), ("third", network))
    }
    model = toy([network, other], players, shared=[network], functions=functions)
    model.ema_decay = lambda batch_size: tf.constant(0.75)
    (start,), (begun,) = values(network.variables), values(other.variables)
    batch = {"image": np.repeat(X, updates, axis=0)}  # The same examples in each sub-batch.
    model.train_step({key: tf.constant(rows) for key, rows in batch.items()})
    end = by_hand(start, [2.0] + [-1.0] * updates)
    np.testing.assert_allclose(network.variables[0], end, rtol=1e-5, atol=1e-6)
    first, second, third = (model.function(name).averaged for name in functions)
    np.testing.assert_allclose(first.variables[0], 0.75 * start + 0.25 * end, rtol=1e-5, atol=1e-6)
    expected = 0.75 * begun + 0.25 * by_hand(begun, [1.0])
    np.testing.assert_allclose(second.variables[0], expected, rtol=1e-5, atol=1e-6)
    assert third is first and len(model.averages) == 2
    np.testing.assert_allclose(model(X), first(X))  # Calling the model runs the first function.
    with pytest.raises(UserError, match="functions first, second, third. Received: fourth"):
        model.function("fourth")


# Any number of players.


def autoencoder():
    """A system without a discriminator: one player with two networks."""
    keras.utils.set_random_seed(0)
    encoder, decoder = dense(1), dense(2, inputs=1)

    def loss(real, made):
        noise = randomness.batch_latents("normal", real["image"].shape[0], 1)
        found = distance(decoder(encoder(real["image"]) + 0.01 * noise), real["image"])
        return Loss(found)

    players = [Player("r", (encoder, decoder), loss, needs_made=False)]
    codes = Images((1,), key=None, name="codes")
    functions = {
        "encode": Function(encoder, (IMAGES,), codes),
        "decode": Function(decoder, (codes,), IMAGES),
    }
    model = toy([encoder, decoder], players, functions=functions)
    model.compile(run_eagerly=True)
    return model


def trio():
    """Three players, each with its own optimizer: one generates, two judge.

    One of the judges makes two updates in a step.
    """
    keras.utils.set_random_seed(0)
    maker, one, other = dense(), dense(1), dense(1)

    def judged(network, sign):
        return lambda real, made: Loss(
            sign * (network(made["image"]) - network(real["image"]))[:, 0],
        )

    def fool(real, made):
        return judged(one, -1.0)(real, made) + 0.5 * judged(other, -1.0)(real, made)

    def make(real):
        latents = randomness.batch_latents("normal", real["image"].shape[0], 2)
        return {"image": maker(latents, training=True)}

    players = [
        Player("d", (one,), judged(one, 1.0), updates=2),
        Player("e", (other,), judged(other, 1.0)),
        Player("g", (maker,), fool),
    ]
    networks = {"maker": maker, "one": one, "other": other}
    model = toy(networks, players, make, makers=[maker])
    model.compile({"e": keras.optimizers.Adam(0.01)}, seed=5, run_eagerly=True)
    return model


@pytest.mark.parametrize(
    ("build", "expected"), [(autoencoder, {"r": 3}), (trio, {"d": 6, "e": 3, "g": 3})]
)
def test_systems_of_one_and_three_players_train_and_resume_exactly(build, expected, tmp_path):
    model = build()
    weights = [v for player in model.players for v in player.variables]
    before, size = values(weights), 4 * model.sub_batches
    batches = data(3 * model.sub_batches).unbatch().batch(size, True)
    history = model.fit(batches, verbose=0, shuffle=False).history
    assert counts(model) == expected
    assert not any(np.array_equal(a, b) for a, b in zip(before, values(weights), strict=True))
    assert set(history) == {
        f"{name}_{what}" for name in expected for what in ("loss", "gradient_norm")
    }
    assert_resumes(build, batches, 2, tmp_path)


def test_the_loss_of_one_player_falls():
    model = autoencoder()
    losses = [model.fit(data(8), verbose=0, shuffle=False).history["r_loss"][0] for _ in range(4)]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.8 * losses[0]
    codes = model.function("encode").run({"images": X})
    assert codes.shape == (4, 1)


def test_each_player_needs_its_own_optimizer():
    model = trio()
    kinds = {name: type(optimizer).__name__ for name, optimizer in model.optimizers.items()}
    assert kinds == {"d": "SGD", "e": "Adam", "g": "SGD"}
    with pytest.raises(UserError, match="the players d, e, g. Received: an optimizer for 'x'"):
        model.compile({"x": keras.optimizers.SGD()})
    shared = keras.optimizers.SGD()
    with pytest.raises(UserError, match="optimizer of its own.*Received: the same SGD twice"):
        model.compile({"d": shared, "g": shared})
