"""Helpers to start, stop and compare tiny runs of `train.py`."""

import contextlib
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import train
from keras_gan import models
from keras_gan.runs.config import Config
from tests.forked import Forked

TINY = (
    "--model_arg=width=2", "--model_arg=kernel_size=3", "--model_arg=latent_dim=4",
    "--batch_size=8", "--log_every=2", "--sample_every=4", "--checkpoint_every=3",
)  # fmt: skip


def run_train(run_dir, *flags):
    train.main(["train.py", f"--run_dir={run_dir}", *TINY, *flags])


def fails(capsys, *flags, run_dir="never/written"):
    """Runs `train.py` with a mistake and returns the one line that it prints."""
    with pytest.raises(SystemExit) as exit:
        run_train(run_dir, *flags)
    assert exit.value.code == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("train.py: error: ")
    return lines[0]


def command_fails(capsys, main, *arguments):
    """Runs another command with a mistake and returns the one line that it prints."""
    with pytest.raises(SystemExit) as exit:
        main(["program.py", *arguments])
    assert exit.value.code == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def rows(run_dir):
    lines = pathlib.Path(run_dir, "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def configuration(name, run_dir, **changes):
    """Returns the `Config` of a tiny run on a built-in dataset and two replicas."""
    system = models.get(name)
    texts = {
        k: ",".join(map(str, v)) if isinstance(v, tuple) else v for k, v in system.tiny.items()
    }
    settings = {
        "model": name,
        "model_arg": tuple(f"{key}={value}" for key, value in texts.items()),
        "run_dir": str(run_dir),
        "batch_size": 8,
        "log_every": 3,
        "checkpoint_every": 2,
        "keep_last": 10,
        "decay_images": 100,
        "cpu_replicas": 2,
    }
    if "image_shape" in system.tiny_data():
        height, width, _ = system.tiny_data()["image_shape"]
        settings |= {"image_size": f"{height}x{width}", "flip": True}
    settings |= _DATA.get(system.data_keys, {})
    return Config(**{**settings, **changes})


_DATA = {
    ("a", "b"): {"dataset": "strokes", "target": "edges"},
    ("tokens",): {"dataset": "arithmetic"},
}


def fingerprint(run_dir):
    """Returns the SHA-256 of all values in the newest checkpoint.

    These are weights, averages, optimizer states, statistics, running means and the step.
    """
    path = tf.train.latest_checkpoint(str(pathlib.Path(run_dir, "checkpoints")))
    reader, digest = tf.train.load_checkpoint(path), hashlib.sha256()
    for name in sorted(reader.get_variable_to_shape_map()):
        if name != "_CHECKPOINTABLE_OBJECT_GRAPH":  # TensorFlow's description of the names.
            digest.update(name.encode() + reader.get_tensor(name).tobytes())
    return digest.hexdigest()


def scalar_steps(run_dir, tag="train/d_loss"):
    """Returns the steps at which TensorBoard's files hold a scalar, duplicates included."""
    events = EventAccumulator(str(pathlib.Path(run_dir, "tensorboard")), {"tensors": 0})
    events.Reload()
    return sorted(event.step for event in events.Tensors(tag))


def assert_same_run(one, other):
    """Asserts that two runs ended in the same bytes and logged the same, except timings."""
    assert fingerprint(one) == fingerprint(other)
    timings = {"images_per_second": None}
    assert [row | timings for row in rows(one)] == [row | timings for row in rows(other)]
    steps = [row["step"] for row in rows(one)]
    assert steps == sorted(set(steps)) == scalar_steps(one) == scalar_steps(other)
    pictures = [
        {
            path.name: path.read_bytes()
            for path in pathlib.Path(run, "samples").rglob("*.*")
            if path.is_file()
        }
        for run in (one, other)
    ]
    assert pictures[0] == pictures[1]


def start_process(run_dir, *flags, stdout=subprocess.DEVNULL, **environment):
    """Starts `python train.py` on a tiny run, as a user would."""
    command = [sys.executable, train.__file__, f"--run_dir={run_dir}", *TINY, *flags]
    return start_python(command, stdout, **environment)


def start_forked(run_dir, *flags, **environment):
    """Starts the same without importing TensorFlow anew."""
    return Forked("train", f"--run_dir={run_dir}", *TINY, *flags, **environment)


def start_python(command, stdout=subprocess.DEVNULL, **environment):
    pipes = {"stdout": stdout, "stderr": subprocess.PIPE}
    root = pathlib.Path(train.__file__).parent
    return subprocess.Popen(
        command, cwd=root, env={**os.environ, **environment}, text=True, **pipes
    )


def cluster_places(count=2):
    """Returns TF_CONFIG for each process of a cluster on this machine."""
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("localhost", 0))
        addresses = [f"localhost:{one.getsockname()[1]}" for one in sockets]
    places = [{"type": "worker", "index": index} for index in range(count)]
    return [json.dumps({"cluster": {"worker": addresses}, "task": place}) for place in places]


def start_workers(run_dir, *flags, last=(), start=start_forked, **pipes):
    """Starts a tiny run of two workers. Only the second one gets the flags `last`."""
    return [
        start(run_dir, "--strategy=multi_worker", *flags, *own, TF_CONFIG=place, **pipes)
        for place, own in zip(cluster_places(), ((), last), strict=True)
    ]


def kill(process, ready, delay):
    """Kills a process with SIGKILL `delay` seconds after `ready()` becomes true."""
    while process.poll() is None and not ready():
        time.sleep(0.001)
    time.sleep(delay)
    assert process.poll() is None, process.communicate()[1]
    process.kill()
    process.communicate()


def ends(processes, within=120):
    """Waits for processes; returns their exit statuses and standard error texts."""
    errors = [process.communicate(timeout=within)[1] for process in processes]
    return [process.returncode for process in processes], errors
