"""What every system must do as a run: resume exactly, sample and export."""

import os
import shutil

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import models
from keras_gan.commands.exporting import export
from keras_gan.commands.training import train
from keras_gan.runs.checkpoints import Checkpoints
from keras_gan.runs.directory import load_run
from tests.runs import assert_same_run, configuration, rows

STEPS, CUT = 7, 4


@pytest.mark.parametrize("replicas", [1, pytest.param(2, marks=pytest.mark.soak)])
@pytest.mark.parametrize("name", models.names())
def test_run(name, replicas, tmp_path):
    """A run that goes on from its middle ends as it did before, bit for bit, and exports."""
    settings = {"steps": STEPS, "cpu_replicas": replicas}
    whole = train(configuration(name, tmp_path / "whole", **settings))
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    # As a crash leaves it: logs of later steps, checkpoints up to the cut.
    Checkpoints(str(tmp_path / "cut" / "checkpoints")).forget_after(CUT)
    shutil.rmtree(tmp_path / "cut" / "samples")
    train(configuration(name, tmp_path / "cut", **settings))
    assert_same_run(tmp_path / "whole", tmp_path / "cut")
    assert [row["step"] for row in rows(tmp_path / "cut")] == [3, 6, 7]

    loaded, _ = load_run(tmp_path / "cut")
    np.testing.assert_allclose(loaded.sample(3, seed=1), whole.sample(3, seed=1), atol=1e-6)
    paths = export(str(tmp_path / "cut"))
    assert os.path.isfile(paths["onnx"])
    assert tf.saved_model.contains_saved_model(paths["saved_model"])
