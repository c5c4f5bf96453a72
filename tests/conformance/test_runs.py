"""What every system must do as a run: resume exactly, sample and export."""

import json
import os
import shutil

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
        "image_size": "16",
        "model_arg": tuple(f"{key}={value}" for key, value in texts.items()),
        "run_dir": str(run_dir),
        "steps": STEPS,
        "batch_size": 8,
        "log_every": 3,
        "checkpoint_every": 2,
        "keep_last": 10,
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
    return sorted(event.step for event in events.Tensors("train/d_loss"))


def state(model):
    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    return values(model.variables) + [v for o in optimizers for v in values(o.variables)]


@pytest.mark.parametrize("name", models.names())
def test_run(name, tmp_path):
    """A run that goes on from its middle ends as it did before, bit for bit, and exports."""
    whole = train(configuration(name, tmp_path / "whole"))
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    forget_checkpoints_after(CUT, tmp_path / "cut")
    shutil.rmtree(tmp_path / "cut" / "samples")
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
    assert os.path.isfile(paths["onnx"])
    assert tf.saved_model.contains_saved_model(paths["saved_model"])


def forget_checkpoints_after(step, run_dir):
    """Leaves a run directory as a crash does: logs of later steps, checkpoints up to `step`."""
    kept = [run_dir / "checkpoints" / f"step-{number}" for number in range(2, step + 1, 2)]
    for path in (run_dir / "checkpoints").iterdir():
        if path.with_suffix("") not in kept:
            path.unlink()
    tf.compat.v1.train.update_checkpoint_state(
        str(run_dir / "checkpoints"),
        kept[-1].name,
        [path.name for path in kept],
        all_model_checkpoint_timestamps=[float(number) for number in range(len(kept))],
    )
