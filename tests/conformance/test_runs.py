"""Tests of whole runs of each kind of system: resume exactly, sample, evaluate."""

import json
import pathlib
import shutil

import numpy as np
import pytest

from keras_gan import models
from keras_gan.commands import evaluate
from keras_gan.commands.training import train
from keras_gan.evaluation import classifier
from keras_gan.runs.checkpoints import Checkpoints
from keras_gan.runs.directory import load_run
from tests.conformance.sessions import build
from tests.runs import assert_same_run, configuration, rows

STEPS, CUT = 6, 4
# One system runs for each kind: keys of a batch, sorts of ports of the functions, stages.
# test_training.py trains every single system.
RUN_BY = {
    "image; Latents -> Images": "dcgan",
    "image; Latents, Condition -> Images": "acgan",
    "a, b; Images -> Images; Images -> Images": "cyclegan",
    "tokens; Latents -> Tokens; likelihood, discriminator, game": "seqgan",
}


@pytest.mark.parametrize("name", models.names())
def test_every_kind_of_system_has_a_run(name):
    model = build(name)
    parts = [", ".join(model.data_keys)]
    for function in model.functions.values():
        inputs = ", ".join(dict.fromkeys(type(port).__name__ for port in function.inputs))
        parts.append(f"{inputs} -> {type(function.output).__name__}")
    if len(model.stages) > 1:
        parts.append(", ".join(stage.name for stage in model.stages))
    assert "; ".join(parts) in RUN_BY


@pytest.mark.parametrize("replicas", [1, pytest.param(2, marks=pytest.mark.soak)])
@pytest.mark.parametrize("name", RUN_BY.values())
def test_run_resumes_exactly_and_can_be_used(name, replicas, tmp_path, request, monkeypatch):
    """test_training.py shows that compiled steps resume exactly, for every system."""
    if name != "dcgan" and replicas == 1:
        request.getfixturevalue("eagerly")
    monkeypatch.setattr(classifier, "_STEPS", 30)
    check_run(name, replicas, tmp_path)
    run_dir = tmp_path / "cut"
    loaded, _ = load_run(run_dir)
    assert any(pathlib.Path(run_dir, "samples").iterdir())
    if name != "acgan":  # test_conditions.py evaluates it.
        evaluate.main(["evaluate", f"--run_dir={run_dir}", "--num_samples=40"])
        measures = json.loads(pathlib.Path(run_dir, "evaluation.json").read_text())["measures"]
        assert np.isfinite(list(measures.values())).any()
    assert loaded.step == STEPS


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(set(models.names()) - set(RUN_BY.values())))
def test_run_of_every_other_system_resumes_exactly(name, tmp_path):
    check_run(name, 1, tmp_path)


def check_run(name, replicas, tmp_path):
    settings = {"steps": STEPS, "cpu_replicas": replicas}
    train(configuration(name, tmp_path / "whole", **settings))
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    # The state after a crash: logs of later steps, checkpoints up to the cut.
    Checkpoints(str(tmp_path / "cut" / "checkpoints")).forget_after(CUT)
    shutil.rmtree(tmp_path / "cut" / "samples")
    train(configuration(name, tmp_path / "cut", **settings))
    assert_same_run(tmp_path / "whole", tmp_path / "cut")
    assert [row["step"] for row in rows(tmp_path / "cut")] == [3, 6]
