"""A process that is killed at any moment loses the steps since its last checkpoint, no more."""

import random

from tests.runs import assert_same_run, ends, kill, rows, start_forked, start_process

STEPS = 240


def newest_row(run_dir):
    try:
        return rows(run_dir)[-1]["step"]
    except (OSError, ValueError, IndexError):  # Not there yet, or just being written.
        return 0


def test_three_kills_change_nothing(tmp_path):
    moments = random.Random(0)
    for number, start in enumerate((start_process, start_forked, start_forked)):
        process = start(tmp_path / "killed", f"--steps={STEPS}")
        target = STEPS // 4 * number + moments.randrange(10, STEPS // 5)
        kill(
            process, lambda at=target: newest_row(tmp_path / "killed") >= at, moments.random() / 20
        )
    runs = [start_forked(tmp_path / name, f"--steps={STEPS}") for name in ("killed", "whole")]
    assert ends(runs)[0] == [0, 0]
    assert_same_run(tmp_path / "killed", tmp_path / "whole")
