"""Losses, gradients or weights that become NaN or infinite stop the run and are not saved."""

import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import callbacks
from keras_gan.distribution.replicas import make_strategy
from keras_gan.errors import UserError
from keras_gan.game import updates
from keras_gan.runs.directory import RunDirectory, load_run
from tests.conftest import build, examples, values
from tests.runs import fails, rows


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_numbers_that_are_none_stop_the_run_and_are_not_saved(
    player, tmp_path, before_step, capsys
):
    def poison(model):
        variable = getattr(model, player).trainable_variables[0]
        variable.assign(variable * np.nan)

    before_step(5, poison)
    before = signal.getsignal(signal.SIGTERM)
    message = fails(capsys, "--steps=20", run_dir=tmp_path)
    assert signal.getsignal(signal.SIGTERM) is before
    assert "loss" in message and "not finite by step 6" in message
    assert rows(tmp_path)[-1]["step"] == 6  # The logs show it.
    model, _ = load_run(tmp_path)
    assert model.step.numpy() == 3
    assert all(np.isfinite(v).all() for v in values(model.variables))


def train_two_replicas(*watchers):
    """Trains a tiny model on two replicas, in which `Finite` looks at each step."""
    with make_strategy(cpu_replicas=2).scope():
        model = build("gan", (3,), discriminator_units=())
        model.compile()
    data = tf.data.Dataset.from_tensors(examples(4, (3,))).repeat(2)
    watchers = [callbacks.Means(0, 1), *watchers, callbacks.Finite(0, 1)]
    model.fit(data, callbacks=watchers, verbose=0, shuffle=False)


@pytest.mark.parametrize("player", ["g", pytest.param("d", marks=pytest.mark.soak)])
def test_a_gradient_that_is_infinite_on_one_replica_is_named(player, monkeypatch):
    original = updates.sum_over_replicas

    def poison(gradients):
        if (len(gradients) == 2) == (player == "d"):  # D is one layer.
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            bad = tf.where(replica == 1, np.inf, 1.0)
            gradients = [gradient * bad for gradient in gradients]
        return original(gradients)

    monkeypatch.setattr(updates, "sum_over_replicas", poison)
    with pytest.raises(UserError, match=f"{player}_gradient_norm.* not finite by step 1"):
        train_two_replicas()


def test_a_weight_that_is_not_finite_on_one_replica_is_named():
    def poison(batch, logs):
        variable = watcher.model.averaged_generator.variables[0].value
        copies = watcher.model.distribute_strategy.experimental_local_results(variable)
        copies[1].assign(copies[1] * np.nan)

    watcher = keras.callbacks.LambdaCallback(on_train_batch_end=poison)
    with pytest.raises(UserError, match="is not finite on replica 1 at step 1"):
        train_two_replicas(watcher)


def test_a_loss_that_was_not_finite_is_not_saved(tmp_path, after_step, capsys):
    """The running means are a part of the checkpoint, and log entries come at other steps."""
    after_step(2, lambda model: model.metrics[0].variables[0].assign(np.nan))
    message = fails(capsys, "--steps=20", "--log_every=7", run_dir=tmp_path)
    assert "is not finite at step 3" in message
    assert RunDirectory(tmp_path).checkpoints.paths() == []


def test_a_state_that_is_not_finite_is_never_saved(tmp_path, after_step, capsys):
    def poison(model):
        variable = model.averaged_generator.variables[0]
        variable.assign_add(variable * np.inf)

    after_step(2, poison)
    assert "is not finite at step 3" in fails(capsys, "--steps=20", run_dir=tmp_path)
    assert not (tmp_path / "checkpoints").exists() or not list((tmp_path / "checkpoints").iterdir())
