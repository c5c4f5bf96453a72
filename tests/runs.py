"""Tiny runs through `train.py`, for the tests of runs."""

import hashlib
import json
import pathlib

import pytest
import tensorflow as tf

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


def fingerprint(run_dir):
    """Returns the SHA-256 of every value in the newest checkpoint: weights, averages, both
    optimizers' states, statistics, running means and the step."""
    path = tf.train.latest_checkpoint(str(pathlib.Path(run_dir, "checkpoints")))
    reader, digest = tf.train.load_checkpoint(path), hashlib.sha256()
    for name in sorted(reader.get_variable_to_shape_map()):
        if name != "_CHECKPOINTABLE_OBJECT_GRAPH":  # TensorFlow's description of the names.
            digest.update(name.encode() + reader.get_tensor(name).tobytes())
    return digest.hexdigest()
