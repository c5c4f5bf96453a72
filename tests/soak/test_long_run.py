"""Ten thousand steps: memory does not grow, and the step is traced once."""

import os

import numpy as np
import pytest

from keras_gan import callbacks
from keras_gan.game.model import AdversarialModel
from tests.runs import run_train

pytestmark = pytest.mark.soak
STEPS = 10_000


def resident_megabytes():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_memory_does_not_grow(tmp_path, monkeypatch, capsys):
    memory, traces = {}, []
    measure, train_step = callbacks.Progress.at_step, AdversarialModel.train_step

    def at_step(self, logs):
        measure(self, logs)
        if self.step % 500 == 0:
            memory[self.step] = resident_megabytes()

    def traced(self, batch):
        traces.append(1)
        return train_step(self, batch)

    monkeypatch.setattr(callbacks.Progress, "at_step", at_step)
    monkeypatch.setattr(AdversarialModel, "train_step", traced)
    run_train(
        tmp_path, f"--steps={STEPS}", "--log_every=50", "--sample_every=200",
        "--checkpoint_every=500",
    )  # fmt: skip
    steps = np.array([step for step in memory if step > 2000])
    slope = np.polyfit(steps / 1000, [memory[step] for step in steps], 1)[0]
    with capsys.disabled():
        print(f"\n{STEPS:,} steps: {slope:+.3f} MB per 1,000 steps, {len(traces)} trace")
    assert slope < 1.0
    assert len(traces) == 1
