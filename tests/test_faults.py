"""Runs that are stopped, damaged or changed: nothing is lost, nothing goes on wrongly."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import train
from keras_gan import callbacks, models
from keras_gan.commands import training
from keras_gan.runs.directory import RunDirectory
from tests.runs import assert_same_run, fails, rows, run_train


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished run, to damage."""
    return shutil.copytree(finished, tmp_path / "a run")


def test_a_signal_saves_and_the_run_goes_on_exactly(finished, tmp_path, before_step, capsys):
    for number, status, step in ((signal.SIGINT, 130, 2), (signal.SIGTERM, 143, 5)):
        before_step(step, lambda model, number=number: os.kill(os.getpid(), number))
        before = signal.getsignal(number)
        with pytest.raises(SystemExit) as exit:
            run_train(tmp_path, "--steps=7")
        assert exit.value.code == status
        assert signal.getsignal(number) is before
        assert f"Stopped: saved {tmp_path}/checkpoints/step-{step}" in capsys.readouterr().out
        assert [row["step"] for row in rows(tmp_path)] == [*range(2, step + 1, 2)]
    before_step(7, lambda model: os.kill(os.getpid(), signal.SIGTERM))  # The last: too late.
    run_train(tmp_path, "--steps=7")
    assert "Done: 7 steps" in capsys.readouterr().out
    assert_same_run(tmp_path, finished)


def test_changes_under_a_run_are_refused(copy, capsys):
    record = json.loads((copy / "config.json").read_text())
    record["model"]["label_smoothing"] = 0.3
    (copy / "config.json").write_text(json.dumps(record))
    message = fails(capsys, "--steps=9", run_dir=copy)
    assert "label_smoothing is 0.3 there, 0.0 here" in message
    record["num_examples"] = 5
    (copy / "config.json").write_text(json.dumps(record))
    message = fails(capsys, "--steps=9", run_dir=copy)
    assert "The data changed since" in message and "expected 5 examples. Received: 1,437" in message


def test_a_run_that_lost_its_checkpoints_is_not_begun_again(finished, copy, capsys):
    shutil.rmtree(copy / "checkpoints")
    message = fails(capsys, "--steps=9", run_dir=copy)
    assert "has logs up to step 7, but no checkpoint to resume from" in message
    assert rows(copy) == rows(finished)


def test_lost_indices_are_not_a_new_beginning(finished, copy, capsys):
    for path in (copy / "checkpoints").glob("*.index"):
        path.unlink()
    assert "no checkpoint to resume from" in fails(capsys, "--steps=9", run_dir=copy)
    assert rows(copy) == rows(finished)


def test_what_a_killed_process_leaves_is_cleared_away(copy, capsys):
    (copy / "checkpoints" / ".tmp-save").mkdir()
    for name in ("samples/.tmp-1", "tensorboard/.tmp-1", ".tmp-1", "checkpoints/step-9.data-0"):
        (copy / name).touch()
    (copy / "checkpoints" / "checkpoint").unlink()  # A kill inside the first save leaves no list.
    with open(copy / "metrics.jsonl", "a") as file:
        file.write('{"step": 8, "val')
    run_train(copy, "--steps=8")
    assert "Resuming at step 7 to 8" in capsys.readouterr().out
    assert not list(copy.rglob("*tmp*")) and not list(copy.rglob("step-9*"))
    assert (copy / "checkpoints" / "checkpoint").exists()
    assert [row["step"] for row in rows(copy)] == [2, 4, 6, 7, 8]


def test_checkpoints_kept_on_purpose_stay(copy):
    """That of step 3 as well, of an earlier command with --keep_every."""
    for path in (copy / "checkpoints").glob("step-6.*"):
        shutil.copy(path, path.with_name(path.name.replace("-6", "-3")))
    run_train(copy, "--steps=12")
    kept = RunDirectory(copy).checkpoints.paths()
    assert [path.rpartition("-")[2] for path in kept] == ["3", "9", "12"]


@pytest.mark.parametrize("line", ['{"step": "2"}', "null", "[" * 9999, '{"step": 6, "value": [1]}'])
def test_entries_of_logs_that_are_none_are_dropped(line, copy):
    with open(copy / "metrics.jsonl", "ab") as file:
        file.write(line.encode() + b"\n\xff\xfe\n")
    run = RunDirectory(copy)
    assert callbacks.last_logged_step(run) == 7
    callbacks.cut_logs(run, 7)
    assert [row["step"] for row in rows(copy)] == [2, 4, 6, 7]


def test_a_lock_that_is_a_link_is_not_followed(tmp_path, capsys):
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(tmp_path / "precious")
    assert "Cannot write into --run_dir" in fails(capsys, run_dir=tmp_path / "run")
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_run_that_had_no_checkpoint_yet_says_so(finished, copy, capsys):
    shutil.rmtree(copy / "checkpoints")
    callbacks.cut_logs(RunDirectory(copy), 2)
    run_train(copy, "--steps=7")
    assert "has no checkpoint yet, so its 2 steps are repeated" in capsys.readouterr().out
    assert_same_run(copy, finished)


def test_checkpoints_to_keep_must_be_saved(tmp_path, capsys):
    message = fails(capsys, "--keep_every=4", run_dir=tmp_path)
    assert "--keep_every must be a multiple of --checkpoint_every=3. Received: 4." in message


def test_a_damaged_last_checkpoint_of_a_finished_run_is_made_again(finished, copy, capsys):
    (copy / "checkpoints" / "step-7.index").unlink()
    damage(copy / "checkpoints" / "step-6.data-00000-of-00001", "flipped")
    with pytest.raises(SystemExit):
        run_train(copy, "--steps=7")
    shutil.copytree(finished, copy, dirs_exist_ok=True)
    damage(copy / "checkpoints" / "step-7.index", "truncated")
    run_train(copy, "--steps=7")
    assert "Resuming at step 6 to 7" in capsys.readouterr().out
    run_train(copy, "--steps=7")
    assert "already at step 7" in capsys.readouterr().out


def test_a_second_signal_ends_the_process_in_the_middle_of_a_step():
    code = (
        "import hashlib\n"
        "from keras_gan.callbacks import Interruption\n"
        "with Interruption(9).handling():\n"
        "    print('ready', flush=True)\n"
        "    hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)  # Minutes outside of Python.\n"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    root = pathlib.Path(train.__file__).parent
    with subprocess.Popen([sys.executable, "-c", code], cwd=root, **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        while "Stopping after this step" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 143


def test_handlers_are_put_back_when_training_fails():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), callbacks.Interruption(9).handling():
        assert signal.getsignal(signal.SIGTERM) is not before
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGTERM) is before


def damage(path, how):
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(
        {
            "truncated": data[:middle],
            "zeroed": bytes(len(data)),
            "flipped": data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :],
            "empty": b"",
        }[how]
    )


@pytest.fixture(scope="module")
def restored():
    """A model of the finished run, to restore checkpoints into."""
    model = models.get("dcgan")((8, 8, 1), width=2, kernel_size=3, latent_dim=4)
    model.compile()
    return model


FILES = ("step-7.index", "step-7.data-00000-of-00001")


@pytest.mark.parametrize("how", ["truncated", "zeroed", "flipped", "empty"])
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_checkpoint_gives_way_to_the_one_before(file, how, copy, restored, capsys):
    checkpoints = RunDirectory(copy).checkpoints
    checkpoints.restore(restored)
    assert restored.step.numpy() == 7 and capsys.readouterr().err == ""
    damage(copy / "checkpoints" / file, how)
    checkpoints.restore(restored)
    assert restored.step.numpy() == 6
    assert f"Warning: cannot restore the checkpoint {copy}/checkpoints/step-7" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(("file", "how"), [(FILES[0], "truncated"), (FILES[1], "flipped")])
def test_a_run_goes_on_before_a_damaged_checkpoint(file, how, copy, capsys):
    damage(copy / "checkpoints" / file, how)
    run_train(copy, "--steps=8")
    printed = capsys.readouterr()
    assert f"Warning: cannot restore the checkpoint {copy}/checkpoints/step-7" in printed.err
    assert "Resuming at step 6 to 8" in printed.out
    steps = [path.name for path in (copy / "checkpoints").glob("*.index")]
    assert sorted(steps) == ["step-6.index", "step-8.index"]  # That of 7 is of another past.
    # The entry of step 7 was only made because the first run ended there.
    assert [row["step"] for row in rows(copy)] == [2, 4, 6, 8]


def test_no_readable_checkpoint_ends_the_command(finished, copy, capsys):
    for path in (copy / "checkpoints").glob("*.index"):
        damage(path, "zeroed")
    with pytest.raises(SystemExit) as exit:
        run_train(copy, "--steps=8")
    assert exit.value.code == 1
    assert "None of the checkpoints in" in capsys.readouterr().err
    assert rows(copy) == rows(finished)


@pytest.fixture
def holder(tmp_path):
    """A process that holds the run directory `tmp_path / "held"`."""
    code = (
        "import sys, time; from keras_gan.runs.lock import hold\n"
        "with hold(sys.argv[1]): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "held")]
    root = pathlib.Path(train.__file__).parent
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_run_directory_in_use_is_refused_and_taken_over_when_its_process_dies(
    finished, holder, tmp_path, capsys
):
    held, ignore = tmp_path / "held", shutil.ignore_patterns(".lock")
    shutil.copytree(finished, held, ignore=ignore, dirs_exist_ok=True)
    message = fails(capsys, "--steps=7", run_dir=held)
    assert f"{held} is in use by process {holder.pid}" in message
    holder.kill()
    holder.wait()
    run_train(held, "--steps=7")
    assert "already at step 7" in capsys.readouterr().out


def test_the_lock_comes_before_tensorflow(holder, tmp_path):
    code = (
        "import sys, train\n"
        "try: train.main(['train.py', '--run_dir=' + sys.argv[1]])\n"
        "finally: print('tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "held")],
        capture_output=True,
        text=True,
        cwd=pathlib.Path(train.__file__).parent,
    )
    assert done.returncode == 1 and "is in use by process" in done.stderr
    assert done.stdout == "False\n"


def test_logs_of_something_else_are_not_deleted(tmp_path, capsys):
    (tmp_path / "metrics.jsonl").write_text("mine")
    assert "has logs or checkpoints but no config.json" in fails(capsys, run_dir=tmp_path)
    assert (tmp_path / "metrics.jsonl").read_text() == "mine"


def test_unreadable_records_are_named(tmp_path, capsys):
    (tmp_path / "config.json").write_text("{ not json")
    assert f"Cannot read {tmp_path}/config.json" in fails(capsys, run_dir=tmp_path)
    (tmp_path / "config.json").write_text('{"config": {}}')
    assert f"Cannot read {tmp_path}/config.json" in fails(capsys, run_dir=tmp_path)


def test_mistakes_leave_nothing_behind(tmp_path, capsys):
    (tmp_path / "there").mkdir()
    for run_dir in ("there", "new/deep", "deep/" + "x" * 300):
        fails(capsys, "--dataset=nothing_of_this_name/", run_dir=tmp_path / run_dir)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert list((tmp_path / "there").iterdir()) == []


def test_data_that_goes_away_in_training_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("keras_gan.data.source.IN_MEMORY_BYTES", 0)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(8):
        image = tf.io.encode_png(np.full((8, 8, 3), number, np.uint8))
        (folder / f"{number}.png").write_bytes(image.numpy())
    load = training._load_source

    def load_and_lose(*arguments):
        source = load(*arguments)
        (folder / "3.png").unlink()
        return source

    monkeypatch.setattr(training, "_load_source", load_and_lose)
    line = fails(capsys, f"--dataset={folder}", "--steps=9", run_dir=tmp_path / "run")
    assert f"Cannot read the data: {folder}/3.png: No such file or directory. " in line
