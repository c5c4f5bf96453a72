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
from keras_gan import callbacks
from keras_gan.commands import training
from keras_gan.game import model as adversarial
from keras_gan.runs.directory import RunDirectory, load_run
from tests.conftest import values
from tests.runs import assert_same_run, fails, rows, run_train


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_the_run_goes_on_exactly(
    number, status, finished, tmp_path, monkeypatch, capsys
):
    original = callbacks.Progress.on_train_batch_begin

    def at_the_fifth(self, batch, logs=None):
        original(self, batch, logs)
        if batch == 4:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(callbacks.Progress, "on_train_batch_begin", at_the_fifth)
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as exit:
        run_train(tmp_path, "--steps=7")
    assert exit.value.code == status
    assert signal.getsignal(number) is before
    assert f"Stopped: saved {tmp_path}/checkpoints/step-5" in capsys.readouterr().out
    assert [row["step"] for row in rows(tmp_path)] == [2, 4]
    monkeypatch.undo()
    run_train(tmp_path, "--steps=7")
    assert_same_run(tmp_path, finished)


def test_changes_under_a_run_are_refused(finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    record = json.loads((tmp_path / "config.json").read_text())
    record["model"]["label_smoothing"] = 0.3
    (tmp_path / "config.json").write_text(json.dumps(record))
    message = fails(capsys, "--steps=9", run_dir=tmp_path)
    assert "label_smoothing is 0.3 there, 0.0 here" in message
    record["num_examples"] = 5
    (tmp_path / "config.json").write_text(json.dumps(record))
    message = fails(capsys, "--steps=9", run_dir=tmp_path)
    assert "The data changed" in message and "began with 5 examples. Received: 1,437" in message


def test_a_run_that_lost_its_checkpoints_is_not_begun_again(finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "checkpoints")
    message = fails(capsys, "--steps=9", run_dir=tmp_path)
    assert "has logs up to step 7, but no checkpoint to go on from" in message
    assert rows(tmp_path) == rows(finished)


def test_lost_indices_are_not_a_new_beginning(finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    for path in (tmp_path / "checkpoints").glob("*.index"):
        path.unlink()
    assert "no checkpoint to go on from" in fails(capsys, "--steps=9", run_dir=tmp_path)
    assert rows(tmp_path) == rows(finished)


def test_leftovers_of_a_killed_process_are_removed(finished, tmp_path):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    (tmp_path / "checkpoints" / ".tmp-save").mkdir()
    for name in ("samples/.tmp-1", "tensorboard/.tmp-1", ".tmp-1", "checkpoints/step-9.data-0"):
        (tmp_path / name).touch()
    run_train(tmp_path, "--steps=8")
    assert not list(tmp_path.rglob("*tmp*")) and not list(tmp_path.rglob("step-9*"))


def test_checkpoints_kept_on_purpose_stay(tmp_path):
    run_train(tmp_path, "--steps=12", "--keep_every=6")
    run_train(tmp_path, "--steps=18")
    kept = RunDirectory(tmp_path).checkpoints.paths()
    assert [path.rpartition("-")[2] for path in kept] == ["6", "15", "18"]


@pytest.mark.parametrize("line", ['{"step": "2"}', "null", "[" * 9999, '{"step": 6, "value": [1]}'])
def test_entries_of_logs_that_are_none_are_dropped(line, finished, tmp_path):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    with open(tmp_path / "metrics.jsonl", "ab") as file:
        file.write(line.encode() + b"\n\xff\xfe\n")
    run_train(tmp_path, "--steps=8")
    assert [row["step"] for row in rows(tmp_path)] == [2, 4, 6, 7, 8]


def test_a_lock_that_is_a_link_is_not_followed(tmp_path, capsys):
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(tmp_path / "precious")
    assert "Cannot write into --run_dir" in fails(capsys, run_dir=tmp_path / "run")
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_run_that_had_no_checkpoint_yet_says_so(finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "checkpoints")
    callbacks.cut_logs(RunDirectory(tmp_path), 2)
    run_train(tmp_path, "--steps=7")
    assert "has no checkpoint yet: its 2 steps are done again" in capsys.readouterr().out
    assert_same_run(tmp_path, finished)


def test_checkpoints_to_keep_must_be_saved(tmp_path, capsys):
    message = fails(capsys, "--keep_every=4", run_dir=tmp_path)
    assert "--keep_every must be a multiple of --checkpoint_every=3. Received: 4." in message


def test_a_lost_list_of_checkpoints_is_made_anew(finished, tmp_path, capsys):
    """As a kill inside the first save leaves it."""
    path = tmp_path / "a run"
    shutil.copytree(finished, path)
    (path / "checkpoints" / "checkpoint").unlink()
    run_train(path, "--steps=8")
    assert "Resuming at step 7 to 8" in capsys.readouterr().out


def test_a_damaged_last_checkpoint_of_a_finished_run_is_made_again(finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    (tmp_path / "checkpoints" / "step-7.index").unlink()
    damage(tmp_path / "checkpoints" / "step-6.data-00000-of-00001", "flipped")
    with pytest.raises(SystemExit):
        run_train(tmp_path, "--steps=7")
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    damage(tmp_path / "checkpoints" / "step-7.index", "truncated")
    run_train(tmp_path, "--steps=7")
    assert "Resuming at step 6 to 7" in capsys.readouterr().out
    run_train(tmp_path, "--steps=7")
    assert "already at step 7" in capsys.readouterr().out


def test_a_signal_in_the_last_step_changes_nothing(finished, tmp_path, monkeypatch, capsys):
    original = callbacks.Progress.on_train_batch_begin

    def at_the_last(self, batch, logs=None):
        original(self, batch, logs)
        if batch == 6:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(callbacks.Progress, "on_train_batch_begin", at_the_last)
    run_train(tmp_path, "--steps=7")
    assert "Done: 7 steps" in capsys.readouterr().out
    assert [row["step"] for row in rows(tmp_path)] == [2, 4, 6, 7]


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


def test_handlers_are_put_back_when_training_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(callbacks.Finite, "at_step", lambda self, logs: 1 / 0)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError):
        run_train(tmp_path, "--steps=4")
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


@pytest.mark.parametrize("how", ["truncated", "zeroed", "flipped", "empty"])
@pytest.mark.parametrize("file", ["step-7.index", "step-7.data-00000-of-00001"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(file, how, finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    damage(tmp_path / "checkpoints" / file, how)
    run_train(tmp_path, "--steps=8")
    printed = capsys.readouterr()
    assert f"Warning: cannot restore the checkpoint {tmp_path}/checkpoints/step-7" in printed.err
    assert "Resuming at step 6 to 8" in printed.out
    steps = [path.name for path in (tmp_path / "checkpoints").glob("*.index")]
    assert sorted(steps) == ["step-6.index", "step-8.index"]  # That of 7 is of another past.
    # The entry of step 7 was only made because the first run ended there.
    assert [row["step"] for row in rows(tmp_path)] == [2, 4, 6, 8]


def test_no_readable_checkpoint_ends_the_command(finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    for path in (tmp_path / "checkpoints").glob("*.index"):
        damage(path, "zeroed")
    with pytest.raises(SystemExit) as exit:
        run_train(tmp_path, "--steps=8")
    assert exit.value.code == 1
    assert "None of the checkpoints in" in capsys.readouterr().err
    assert rows(tmp_path) == rows(finished)


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_numbers_that_are_none_stop_the_run_and_are_not_saved(
    player, tmp_path, monkeypatch, capsys
):
    original = callbacks.Progress.on_train_batch_begin

    def poison(self, batch, logs=None):
        original(self, batch, logs)
        if batch == 4:
            variable = getattr(self.model, player).trainable_variables[0]
            variable.assign(variable * np.nan)

    monkeypatch.setattr(callbacks.Progress, "on_train_batch_begin", poison)
    message = fails(capsys, "--steps=20", run_dir=tmp_path)
    assert "loss" in message and "not finite by step 6" in message
    assert rows(tmp_path)[-1]["step"] == 6  # The logs show it.
    model, _ = load_run(tmp_path)
    assert model.step.numpy() == 3
    assert all(np.isfinite(v).all() for v in values(model.variables))


@pytest.mark.parametrize(("player", "variables"), [("generator", 5), ("discriminator", 4)])
def test_a_gradient_that_is_infinite_on_one_replica_is_named(
    player, variables, tmp_path, monkeypatch, capsys
):
    original = adversarial.sum_over_replicas

    def poison(gradients):
        if len(gradients) == variables:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            bad = tf.where(replica == 1, np.inf, 1.0)
            gradients = [gradient * bad for gradient in gradients]
        return original(gradients)

    monkeypatch.setattr(adversarial, "sum_over_replicas", poison)
    message = fails(capsys, "--steps=20", "--cpu_replicas=2", run_dir=tmp_path)
    assert f"{player[0]}_gradient_norm" in message and "not finite by step 2" in message


def test_a_weight_that_is_not_finite_on_one_replica_is_named(tmp_path, monkeypatch, capsys):
    original = callbacks.Progress.on_train_batch_end

    def poison(self, batch, logs=None):
        original(self, batch, logs)
        if batch == 2:
            variable = self.model.averaged_generator.variables[0].value
            copies = self.model.distribute_strategy.experimental_local_results(variable)
            copies[1].assign(copies[1] * np.nan)

    monkeypatch.setattr(callbacks.Progress, "on_train_batch_end", poison)
    message = fails(
        capsys, "--steps=20", "--cpu_replicas=2", "--checkpoint_every=9", run_dir=tmp_path
    )
    assert "is not finite on replica 1 at step 4" in message  # At the next log entry.


def test_a_loss_that_was_not_finite_is_not_saved(tmp_path, monkeypatch, capsys):
    """The running means are a part of the checkpoint, and log entries come at other steps."""
    original = callbacks.Progress.on_train_batch_end

    def poison(self, batch, logs=None):
        original(self, batch, logs)
        if batch == 1:
            self.model.metrics[0].variables[0].assign(np.nan)

    monkeypatch.setattr(callbacks.Progress, "on_train_batch_end", poison)
    message = fails(capsys, "--steps=20", "--log_every=7", run_dir=tmp_path)
    assert "is not finite at step 3" in message
    assert RunDirectory(tmp_path).checkpoints.paths() == []


def test_a_state_that_is_not_finite_is_never_saved(tmp_path, monkeypatch, capsys):
    original = callbacks.Progress.on_train_batch_end

    def poison(self, batch, logs=None):
        original(self, batch, logs)
        if batch == 1:
            self.model.averaged_generator.variables[0].assign_add(
                self.model.averaged_generator.variables[0] * np.inf
            )

    monkeypatch.setattr(callbacks.Progress, "on_train_batch_end", poison)
    assert "is not finite at step 3" in fails(capsys, "--steps=20", run_dir=tmp_path)
    assert not (tmp_path / "checkpoints").exists() or not list((tmp_path / "checkpoints").iterdir())


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
    holder, tmp_path, capsys
):
    message = fails(capsys, "--steps=1", run_dir=tmp_path / "held")
    assert f"{tmp_path / 'held'} is in use by process {holder.pid}" in message
    holder.kill()
    holder.wait()
    run_train(tmp_path / "held", "--steps=1")
    assert rows(tmp_path / "held")[-1]["step"] == 1


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
