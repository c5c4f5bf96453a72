"""Health verdicts, each provoked on purpose."""

import json
import pathlib
import re

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import train
from keras_gan import callbacks
from keras_gan.callbacks.health import mean_distance, verdict_on
from tests.runs import TINY, rows, run_train

GAN = (
    "--model=gan", "--batch_size=16", "--log_every=10", "--sample_every=1000", "--steps=100",
)  # fmt: skip
# Good and bad runs by their verdict. The last ten log entries of each are in health_runs.json.
RUNS = {
    "healthy": (*GAN, "--dataset=ring"),
    "oscillation": (*GAN, "--d_learning_rate=1"),
    "discriminator_loses": (*GAN, "--d_learning_rate=0", "--g_learning_rate=0.01"),
    "discriminator_wins": (*TINY, "--steps=60", "--d_learning_rate=1"),
}
LOGGED = json.loads(pathlib.Path(__file__).with_name("health_runs.json").read_text())


def verdict(capsys):
    """Returns the names of the last verdict that a run printed."""
    printed = capsys.readouterr().out
    assert re.search(r"^Step \d+: (\w+).* \(.*diversity.*\)\n  \1: .*\.$", printed, re.MULTILINE)
    return re.search(r"  health +(.*) \(", printed)[1].split(", ")


@pytest.mark.parametrize("name", RUNS)
def test_verdicts_on_the_logs_of_runs(name):
    logged = LOGGED[name]
    entries = [dict(zip(logged, row, strict=True)) for row in zip(*logged.values(), strict=True)]
    assert verdict_on(entries).names[0] == name
    assert name != "healthy" or verdict_on(entries).names == ("healthy",)


@pytest.mark.soak
@pytest.mark.parametrize("name", RUNS)
def test_such_runs_get_such_verdicts(name, tmp_path, capsys):
    train.main(["train.py", f"--run_dir={tmp_path}", *RUNS[name]])
    found = verdict(capsys)
    assert found[0] == name and (name != "healthy" or found == ["healthy"])
    assert set(LOGGED[name]) <= set(rows(tmp_path)[-1])


def test_a_generator_with_a_constant_output_has_collapsed(tmp_path, monkeypatch, capsys):
    original = callbacks.Health.on_train_begin

    def silence(self, logs=None):
        original(self, logs)
        for variable in self.model.generator.trainable_variables:
            variable.assign(np.zeros(variable.shape))

    monkeypatch.setattr(callbacks.Health, "on_train_begin", silence)
    run_train(tmp_path, "--steps=20", "--g_learning_rate=0")
    assert verdict(capsys) == ["generator_collapse"]
    assert all(row["sample_diversity"] == 0.0 for row in rows(tmp_path))


def texts(run_dir):
    events = EventAccumulator(str(run_dir / "tensorboard"), {"tensors": 0})
    events.Reload()
    return {e.step: e.tensor_proto.string_val for e in events.Tensors("health")}


def test_verdicts_are_the_same_after_an_interruption(tmp_path, eagerly):
    for name, ends in (("whole", [10]), ("cut", [7, 10])):
        for end in ends:
            run_train(tmp_path / name, f"--steps={end}", "--log_every=1")
    assert sorted(texts(tmp_path / "whole")) == [10]
    assert texts(tmp_path / "whole") == texts(tmp_path / "cut")


def entry(**changes):
    usual = {
        "value": -1.2,
        "g_loss": 0.8,
        "d_accuracy_real": 0.6,
        "d_accuracy_fake": 0.6,
        "d_logits_real": 0.2,
        "d_logits_fake": -0.2,
        "d_gradient_norm": 1.0,
        "g_gradient_norm": 1.0,
        "sample_diversity": 0.9,
    }
    return {**usual, **changes}


def test_a_swinging_loss_is_an_oscillation():
    assert verdict_on([entry(g_loss=loss) for loss in [0.5, 1.1] * 5]).names == ("oscillation",)
    assert verdict_on([entry(g_loss=loss) for loss in [0.78, 0.8] * 5]).names == ("healthy",)
    for losses in ([2.0**-n for n in range(10)], np.linspace(1, -1, 10), [-0.02, -0.03] * 5):
        assert verdict_on([entry(g_loss=loss) for loss in losses]).names == ("healthy",)


def test_a_certain_discriminator_that_is_often_wrong_oscillates():
    sure = {"d_logits_real": 20.0, "d_logits_fake": -20.0}
    assert verdict_on([entry(**sure)] * 10).names == ("oscillation",)
    assert verdict_on([entry(d_logits_fake=2.0)] * 10).names == ("discriminator_loses",)
    right = {"d_accuracy_real": 0.97, "d_accuracy_fake": 0.97}
    assert verdict_on([entry(**sure, **right)] * 10).names == ("discriminator_wins",)
    less = {"d_logits_real": 3.5, "d_logits_fake": -3.5}
    assert verdict_on([entry(**right, **less)] * 10).names == ("healthy",)  # Right, but not sure.


def test_logits_of_other_losses_are_not_judged():
    other = entry(g_loss=-100.0, d_logits_real=1e4, sample_diversity=0.1)
    del other["value"]
    verdict = verdict_on([other] * 10)
    assert verdict.names == ("generator_collapse",) and "logit gap" not in verdict.evidence


def test_mean_distance_covers_all_pairs():
    points = np.random.default_rng(0).normal(size=(5, 2, 3))
    pairs = [np.linalg.norm(points[i] - points[j]) for i in range(5) for j in range(i)]
    assert mean_distance(points) == pytest.approx(np.mean(pairs), rel=1e-12)
    assert mean_distance(points[:1]) == 0.0
