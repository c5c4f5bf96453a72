"""A process that is killed at any moment loses the steps since its last checkpoint, no more."""

from tests.runs import assert_same_run, ends, kill, rows, start_forked

STEPS = 60
THREADS = {"TF_NUM_INTRAOP_THREADS": "2"}  # Users' runs have many; the other tests have one.


def newest_row(run_dir):
    try:
        return rows(run_dir)[-1]["step"]
    except (OSError, ValueError, IndexError):  # Not there yet, or just being written.
        return 0


def test_a_kill_changes_nothing(tmp_path):
    """The soak suite kills fifty times."""
    process = start_forked(tmp_path / "killed", f"--steps={STEPS}", **THREADS)
    kill(process, lambda: newest_row(tmp_path / "killed") >= STEPS // 3, 0.02)
    runs = [
        start_forked(tmp_path / name, f"--steps={STEPS}", **THREADS) for name in ("killed", "whole")
    ]
    assert ends(runs)[0] == [0, 0]
    assert_same_run(tmp_path / "killed", tmp_path / "whole")
