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


@pytest.mark.parametrize(
    ("what", "owner", "method", "size", "message"),
    [
        ("checkpoint", Checkpoints, "save", 1000, "resume from step 3."),
        ("events", callbacks.Logs, "at_step", 1000, "File too large"),
        ("metrics", callbacks.Logs, "at_step", 400, "File too large"),
        ("picture", callbacks.SampleGrids, "at_step", 100, "File too large"),
    ],
)
def test_a_full_disk_in_training(
    what, owner, method, size, message, finished, tmp_path, monkeypatch, capsys
):
    limit(monkeypatch, owner, method, size)
    if what in ("metrics", "picture"):
        monkeypatch.setattr(callbacks.EventLog, "at", lambda self, step: contextlib.nullcontext())
    line = fails(capsys, "--steps=7", run_dir=tmp_path)
    assert message in line and "{{" not in line
    assert "un the same command to resume from step" in line
    assert leftovers(tmp_path) == []
    assert Checkpoints(str(tmp_path / "checkpoints")).newest_step() == (
        6 if what == "picture" else 3
    )
    monkeypatch.undo()
    run_train(tmp_path, "--steps=7")
    assert "Resuming at step" in capsys.readouterr().out
    if what in ("metrics", "picture"):  # Nothing went to TensorBoard.
        assert fingerprint(tmp_path) == fingerprint(finished)
        assert [row["step"] for row in rows(tmp_path)] == [2, 4, 6, 7]
    else:
        assert_same_run(tmp_path, finished)


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
