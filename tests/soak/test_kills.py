"""Fifty kills at random moments, from the import of TensorFlow to the middle of a save."""

import random
import time

import pytest

from keras_gan.runs.directory import load_run
from tests.runs import assert_same_run, kill, rows, run_train, start_process

pytestmark = pytest.mark.soak
KILLS, STEPS = 50, 20_000


def test_fifty_kills(tmp_path, capsys):
    moments, began = random.Random(0), time.time()
    run_dir, reached = tmp_path / "killed", []
    for number in range(KILLS):
        process = start_process(run_dir, f"--steps={STEPS}")
        log, started = run_dir / "metrics.jsonl", time.time()

        def training(log=log, started=started):
            return log.exists() and log.stat().st_mtime > started + 0.5

        early = number % 5 == 0
        kill(process, lambda early=early, training=training: early or training(),
             moments.uniform(0.0, 6.0 if early else 4.0))  # fmt: skip
        if (run_dir / "checkpoints" / "checkpoint").exists():
            model, _ = load_run(run_dir)  # What is there can be used at any moment.
            reached.append(int(model.step.numpy()))
    assert reached == sorted(reached) and reached[-1] < STEPS
    run_train(run_dir, f"--steps={STEPS}")
    run_train(tmp_path / "whole", f"--steps={STEPS}")
    assert_same_run(run_dir, tmp_path / "whole")
    with capsys.disabled():
        print(
            f"\n{KILLS} kills, the last beyond step {reached[-1]:,} of {STEPS:,}; "
            f"{len(rows(run_dir)):,} log entries equal; {time.time() - began:.0f} s"
        )
