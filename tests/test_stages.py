"""Runs of several stages: which one a step belongs to, traces, and resuming."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import randomness
from keras_gan.distribution.replicas import make_strategy
from keras_gan.errors import UserError
from keras_gan.game.functions import Function
from keras_gan.game.loss import Loss
from keras_gan.game.players import Player, Stage
from tests.conftest import same, values
from tests.linear_toys import IMAGES, assert_resumes, counts, data, dense, distance, toy


def staged(**options):
    """Two stages before the game: the first moves one network, the second another."""
    keras.utils.set_random_seed(0)
    maker, judge = dense(norm=True), dense(1)

    def make(real):
        noise = randomness.batch_latents("normal", real["image"].shape[0], 2)
        return {
            "image": maker(real["image"] + tf.cast(noise, keras.config.floatx()), training=True)
        }

    away = lambda real, made: Loss((judge(made["image"]) - judge(real["image"]))[:, 0])  # noqa: E731
    copy = lambda real, made: Loss(distance(made["image"], real["image"]))  # noqa: E731
    critic, player = Player("d", (judge,), away), Player("g", (maker,), copy)
    model = toy(
        {"maker": maker, "judge": judge},
        [critic, player],
        make,
        makers=[maker],
        functions={"copy": Function(maker, (IMAGES,), IMAGES)},
        shared=[maker],
        stages=[Stage("pretrain", (Player("p", (maker,), copy),), 2), Stage("only", (critic,), 1)],
    )
    model.compile(**{"seed": 3, **options})
    return model


def test_a_step_tells_its_stage():
    model = staged()
    found = [model.stage_at(step) for step in range(5)]
    assert [stage.name for stage, _ in found] == ["pretrain", "pretrain", "only", "game", "game"]
    assert [left for _, left in found] == [2, 1, 1, None, None]
    assert [player.name for player in model.players] == ["d", "g", "p"]
    assert model.stage.name == "game"


def test_each_stage_moves_its_own_players_and_resumes_exactly(tmp_path):
    """Cut inside a stage, at its borders and after them."""
    model = staged(run_eagerly=True)
    networks = [model.networks[name] for name in ("maker", "judge")]
    moved = []
    for step in range(4):
        before = [values(network.trainable_variables) for network in networks]
        model.fit(data(4).skip(step).take(1), verbose=0, shuffle=False)
        after = [values(network.trainable_variables) for network in networks]
        moved.append([not same(a, b) for a, b in zip(before, after, strict=True)])
    assert moved == [[True, False], [True, False], [False, True], [True, True]]
    for cut in (1, 2, 3, 4):
        build = lambda: staged(run_eagerly=True)  # noqa: E731
        assert_resumes(build, data(5), cut, tmp_path / str(cut))


@pytest.mark.parametrize("steps_per_execution", [1, 2])
def test_each_stage_is_traced_once(steps_per_execution):
    model = staged(steps_per_execution=steps_per_execution)
    if steps_per_execution == 2:  # Even stages.
        stages = (model.stages[0], model.stages[1]._replace(steps=2), model.stages[2])
        object.__setattr__(model, "stages", stages)
    traced, train_step = [], model.train_step
    model.train_step = lambda batch: traced.append(model.stage.name) or train_step(batch)
    history = model.fit(data(2), epochs=4, verbose=0, shuffle=False).history
    model.fit(data(2), verbose=0, shuffle=False)
    assert traced == ["pretrain", "only", "game"]
    done = {1: {"p": 2, "d": 8, "g": 7}, 2: {"p": 2, "d": 8, "g": 6}}[steps_per_execution]
    assert counts(model) == done and int(model.step) == 10
    assert (len(history["p_loss"]), len(history["d_loss"])) == (1, 3)  # Epochs that log it.


def test_calls_of_steps_end_with_the_stage():
    with pytest.raises(UserError, match="only ends in the middle of a call of 2 steps") as error:
        staged(steps_per_execution=2).fit(data(4), verbose=0, shuffle=False)
    assert "\n" not in str(error.value)
    model = staged(steps_per_execution=2)  # An epoch of one step puts the calls out of line.
    with pytest.raises(UserError, match="pretrain ends in the middle"):
        model.fit(data(1), epochs=2, verbose=0, shuffle=False)
    assert int(model.step) == 1


def test_two_replicas_train_as_one_device(float64):
    """Stages, a maker with batch norm, and the average."""
    ends = []
    for replicas in (1, 2):
        with make_strategy(cpu_replicas=replicas).scope():
            model = staged()
        model.fit(data(5), verbose=0, shuffle=False)
        ends.append(values(model.variables))
    for one, two in zip(*ends, strict=True):
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-9)
