"""Tiny runs through `train.py`, for the tests of runs."""

import json
import pathlib

import pytest

import train

TINY = (
    "--model_arg=width=2", "--model_arg=kernel_size=3", "--model_arg=latent_dim=4",
    "--batch_size=8", "--log_every=2", "--sample_every=4", "--checkpoint_every=3",
)  # fmt: skip


def run_train(run_dir, *flags):
    train.main(["train.py", f"--run_dir={run_dir}", *TINY, *flags])


def fails(capsys, *flags, run_dir="never/written"):
    """Returns the one line that a mistake prints."""
    with pytest.raises(SystemExit) as exit:
        run_train(run_dir, *flags)
    assert exit.value.code == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("train.py: error: ")
    return lines[0]


def rows(run_dir):
    lines = pathlib.Path(run_dir, "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]
