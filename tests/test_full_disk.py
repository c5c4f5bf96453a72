"""A disk that fills up: a clear message, nothing half-written, and the run goes on from before.

The limit on the size of a file stands for the disk: a write beyond it fails in
the same way, after a part of it has been written.
"""

import contextlib
import os
import resource
import shutil

import pytest

import export
from keras_gan import callbacks
from keras_gan.commands import generate
from keras_gan.runs.checkpoints import Checkpoints
from tests.runs import assert_same_run, fails, fingerprint, rows, run_train


@contextlib.contextmanager
def limited(size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def limit(monkeypatch, owner, method, size):
    """Lets `owner.method` write no file larger than `size` bytes from the second call on."""
    original, calls = getattr(owner, method), []

    def call(*args, **kwargs):
        calls.append(1)
        with limited(size) if len(calls) > 1 else contextlib.nullcontext():
            return original(*args, **kwargs)

    monkeypatch.setattr(owner, method, call)


def leftovers(directory):
    return [
        os.path.join(parent, name)
        for parent, folders, names in os.walk(directory)
        for name in (*folders, *names)
        if "tmp" in name or "temp" in name
    ]


def disk_is_full(run_dir, capsys, owner, method, size, message, newest):
    """Trains while `owner.method` finds the disk full; the newest checkpoint stays."""
    with pytest.MonkeyPatch.context() as patch:
        limit(patch, owner, method, size)
        line = fails(capsys, "--steps=7", run_dir=run_dir)
    assert message in line and "{{" not in line
    assert "un the same command to resume from step" in line
    assert leftovers(run_dir) == []
    assert Checkpoints(str(run_dir / "checkpoints")).newest_step() == newest


def test_a_disk_that_is_full_twice_in_training(finished, tmp_path, capsys):
    """First for a checkpoint, then for TensorBoard's file."""
    disk_is_full(tmp_path, capsys, Checkpoints, "save", 1000, "resume from step 3.", 3)
    disk_is_full(tmp_path, capsys, callbacks.Logs, "at_step", 1000, "File too large", 3)
    run_train(tmp_path, "--steps=7")
    assert "Resuming at step 3" in capsys.readouterr().out
    assert_same_run(tmp_path, finished)


def test_a_disk_that_is_full_for_small_files(finished, tmp_path, monkeypatch, capsys):
    """First for metrics.jsonl, then for a picture; nothing goes to TensorBoard, which is larger."""
    monkeypatch.setattr(callbacks.EventLog, "at", lambda self, step: contextlib.nullcontext())
    disk_is_full(tmp_path, capsys, callbacks.Logs, "at_step", 400, "File too large", 3)
    disk_is_full(tmp_path, capsys, callbacks.SampleGrids, "at_step", 100, "File too large", 6)
    run_train(tmp_path, "--steps=7")
    assert "Resuming at step 6" in capsys.readouterr().out
    assert fingerprint(tmp_path) == fingerprint(finished)
    assert [row["step"] for row in rows(tmp_path)] == [2, 4, 6, 7]


@pytest.mark.parametrize("formats", ["saved_model", "onnx"])
def test_a_full_disk_in_export(formats, finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    with limited(1000), pytest.raises(SystemExit) as exit:
        export.main(["export.py", f"--run_dir={tmp_path}", f"--formats={formats}"])
    assert exit.value.code == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"Cannot export to {tmp_path}/export" in line and "too large" in line
    assert os.listdir(tmp_path / "export" / formats) == []
    export.main(["export.py", f"--run_dir={tmp_path}", f"--formats={formats}"])
    assert os.listdir(tmp_path / "export" / formats) == ["1"]


def test_a_full_disk_in_sampling(finished, tmp_path, capsys):
    with limited(100), pytest.raises(SystemExit):
        generate.main(["generate", f"--run_dir={finished}", f"--output={tmp_path}/samples.png"])
    assert f"Cannot write {tmp_path}/samples.png: File too large" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []
