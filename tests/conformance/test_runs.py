"""What every system must do as a run: resume exactly, sample and export."""

import json
import os

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from keras_gan import models
from keras_gan.config import Config
from keras_gan.exporting import export
from keras_gan.run_directory import load_run
from keras_gan.training import train
from tests.conftest import same, values

STEPS, CUT = 7, 4


def configuration(name, run_dir, **changes):
    tiny = models.get(name).tiny
    texts = {k: ",".join(map(str, v)) if isinstance(v, tuple) else v for k, v in tiny.items()}
    settings = {
        "model": name,
        "model_arg": tuple(f"{key}={value}" for key, value in texts.items()),
        "run_dir": str(run_dir),
        "steps": STEPS,
        "batch_size": 8,
        "log_every": 3,
        "checkpoint_every": 2,
        "decay_images": 100,
        "flip": True,
        "cpu_replicas": 2,
    }
    return Config(**{**settings, **changes})


def logged(run_dir):
    with open(os.path.join(run_dir, "metrics.jsonl")) as file:
        rows = [json.loads(line) for line in file]
    for row in rows:
        row.pop("images_per_second", None)
    return rows


def scalar_steps(run_dir):
    events = EventAccumulator(str(run_dir / "tensorboard"), {"tensors": 0})
    events.Reload()
    return [event.step for event in events.Tensors("train/d_loss")]


def state(model):
    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    return values(model.variables) + [v for o in optimizers for v in values(o.variables)]


@pytest.mark.parametrize("name", models.names())
def test_run(name, tmp_path, monkeypatch):
    """An interrupted run ends as an uninterrupted one, bit for bit, and both export."""
    whole = train(configuration(name, tmp_path / "whole"))
    interrupt_at_step(CUT + 1, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        train(configuration(name, tmp_path / "cut"))
    monkeypatch.undo()
    resumed = train(configuration(name, tmp_path / "cut"))
    assert same(state(whole), state(resumed))
    assert logged(tmp_path / "whole") == logged(tmp_path / "cut")
    assert [row["step"] for row in logged(tmp_path / "cut")] == [3, 6, 7]
    assert scalar_steps(tmp_path / "cut") == [3, 6, 7]
    grids = [(tmp_path / d / "samples/step_00000007.png").read_bytes() for d in ("whole", "cut")]
    assert grids[0] == grids[1]

    loaded, _ = load_run(tmp_path / "cut")
    np.testing.assert_allclose(loaded.sample(3, seed=1), whole.sample(3, seed=1), atol=1e-6)
    paths = export(str(tmp_path / "cut"))
    assert tf.io.gfile.exists(paths["onnx"]) and tf.saved_model.contains_saved_model(
        paths["saved_model"]
    )


def interrupt_at_step(step, monkeypatch):
    from keras_gan import callbacks

    original = callbacks.Checkpoints.on_train_batch_end

    def interrupted(self, batch, logs=None):
        original(self, batch, logs)
        if self.step == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(callbacks.Checkpoints, "on_train_batch_end", interrupted)
