"""Two worker processes on this machine train one run."""

import os
import shutil
import signal
import time

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.commands.exporting import export
from keras_gan.distribution.replicas import make_strategy
from keras_gan.distribution.workers import _neutral
from keras_gan.runs.directory import load_run
from tests import worker
from tests.forked import Forked
from tests.runs import (
    assert_same_run,
    cluster_places,
    ends,
    kill,
    rows,
    run_train,
    start_workers,
)

STEPS = "--steps=15"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of two workers without any interruption."""
    run_dir = tmp_path_factory.mktemp("workers") / "whole"
    statuses, errors = ends(start_workers(run_dir, STEPS))
    assert statuses == [0, 0], errors
    return run_dir


def test_a_killed_worker_ends_the_others_and_the_run_resumes(whole, tmp_path):
    run_dir = tmp_path / "killed"
    chief, other = start_workers(run_dir, STEPS)
    kill(other, (run_dir / "checkpoints" / "step-6.index").exists, 0)
    start = time.monotonic()
    (status,), (error,) = ends([chief])
    assert time.monotonic() - start < 10
    assert status == 1 and error.count("\n") == 1
    assert "Another worker has ended" in error
    statuses, errors = ends(start_workers(run_dir, STEPS))
    assert statuses == [0, 0], errors
    assert_same_run(whole, run_dir)


def test_one_device_resumes_a_run_of_two_workers(whole, tmp_path, capsys):
    run_dir = shutil.copytree(whole, tmp_path / "longer")
    run_train(run_dir, "--steps=17")
    assert "Resuming at step 15 to 17" in capsys.readouterr().out
    assert [row["step"] for row in rows(run_dir)][-2:] == [16, 17]
    assert os.path.isfile(export(str(run_dir))["onnx"])


def test_a_signal_to_one_worker_stops_all_workers(tmp_path):
    """They stop between calls of several steps. Only the chief writes files."""
    run_dir, other_dir = tmp_path / "chief", tmp_path / "other"
    every = ("--log_every=4", "--sample_every=4", "--checkpoint_every=4")
    flags = ("--steps=100000", "--steps_per_execution=4", *every)
    chief, other = start_workers(run_dir, *flags, last=[f"--run_dir={other_dir}"])
    while chief.poll() is None and not (run_dir / "checkpoints" / "step-4.index").exists():
        time.sleep(0.01)
    other.send_signal(signal.SIGTERM)
    statuses, errors = ends([chief, other])
    assert statuses == [143, 143], errors
    step = load_run(run_dir)[0].step.numpy()
    assert step >= 4 and [row["step"] for row in rows(run_dir)] == [*range(4, step + 1, 4)]
    assert not other_dir.exists()


def test_workers_with_different_flags_are_refused(tmp_path):
    processes = start_workers(tmp_path / "run", STEPS, last=["--log_every=5"])
    statuses, (chief, other) = ends(processes)
    assert statuses == [1, 1]
    assert "log_every is 2 on the chief, 5 here" in other
    assert "Received: different ones on 1 of them" in chief
    assert not (tmp_path / "run" / "config.json").exists()


def test_two_workers_train_the_same_run_as_one_device(tmp_path, float64):
    paths = [tmp_path / f"{index}.npz" for index in range(2)]
    processes = [
        Forked("tests.worker", str(path), TF_CONFIG=place)
        for path, place in zip(paths, cluster_places(), strict=True)
    ]
    expected = worker.trained(make_strategy("default"))
    statuses, errors = ends(processes)
    assert statuses == [0, 0], errors
    both = [np.load(path) for path in paths]
    for name, value in expected.items():
        np.testing.assert_allclose(both[0][name], value, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(both[0][name], both[1][name])


def test_adding_neutral_changes_no_bit():
    values = np.array([0.0, -0.0, 1.5, np.inf], np.float32)
    assert (values + _neutral(values)).tobytes() == values.tobytes()
    assert tf.constant(3, tf.int64) + _neutral(np.int64(5)) == 3
