"""Systems from latents, stopped at every kind of step on one and two replicas, end the same."""

import os
import signal

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import callbacks
from keras_gan.commands.training import train
from tests.conftest import LATENT
from tests.runs import assert_same_run, configuration

pytestmark = pytest.mark.soak
EPOCH, STEPS = 3, 13  # Steps; the folder has as many images as an epoch takes.
CUTS = {
    "first step": [1],
    "end of an epoch": [2 * EPOCH],
    "middle of an epoch": [2 * EPOCH + 1],
    "last step but one": [STEPS - 1],
    "twice": [4, 11],
    "after every step": list(range(1, STEPS)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("images")
    for number in range(EPOCH * 8):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 1), np.uint8)
        (path / f"{number:02d}.png").write_bytes(tf.io.encode_png(pixels).numpy())
    return str(path)


def settings(name, run_dir, folder, replicas):
    return configuration(
        name,
        run_dir,
        dataset=folder,
        channels=1,
        cpu_replicas=replicas,
        steps=STEPS,
        sample_every=5,
        checkpoint_every=100,
        model_arg=(*configuration(name, run_dir).model_arg, "d_steps=1"),
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory, folder):
    """Uninterrupted runs by (name, replicas), made when they are first asked for."""
    made = {}

    def run(name, replicas):
        if (name, replicas) not in made:
            made[name, replicas] = tmp_path_factory.mktemp("whole")
            train(settings(name, made[name, replicas], folder, replicas))
        return made[name, replicas]

    return run


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("name", LATENT)
def test_cut(name, replicas, cut, folder, whole, tmp_path, monkeypatch):
    original = callbacks.Progress.on_train_batch_begin
    for step in CUTS[cut]:

        def stop(self, batch, logs=None, step=step):
            original(self, batch, logs)
            if self.epoch_start + batch + 1 == step:
                os.kill(os.getpid(), signal.SIGTERM)

        monkeypatch.setattr(callbacks.Progress, "on_train_batch_begin", stop)
        with pytest.raises(SystemExit) as exit:
            train(settings(name, tmp_path, folder, replicas))
        assert exit.value.code == 143
        monkeypatch.undo()
    train(settings(name, tmp_path, folder, replicas))
    assert_same_run(tmp_path, whole(name, replicas))
