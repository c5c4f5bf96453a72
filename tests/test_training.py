"""Runs through `train.py`: what is written, resumed and refused."""

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
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import train
from keras_gan import callbacks, pictures, training
from keras_gan.config import Config
from keras_gan.run_directory import RunDirectory, load_run
from tests.conftest import values

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


def events(run_dir):
    accumulator = EventAccumulator(os.path.join(run_dir, "tensorboard"), {"tensors": 0})
    accumulator.Reload()
    return accumulator


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("runs") / "dcgan"
    run_train(run_dir, "--steps=7")
    return run_dir


def test_run_directory_holds_what_the_design_says(finished):
    assert sorted(os.listdir(finished)) == [
        ".lock", "checkpoints", "config.json", "metrics.jsonl", "run.flags", "samples",
        "tensorboard",
    ]  # fmt: skip
    assert sorted(os.listdir(finished / "samples")) == ["step_00000004.png", "step_00000007.png"]
    kept = [name for name in os.listdir(finished / "checkpoints") if name.endswith(".index")]
    assert sorted(kept) == ["step-6.index", "step-7.index"]
    grid = tf.io.decode_png((finished / "samples" / "step_00000007.png").read_bytes())
    assert grid.shape == (78, 78, 1)


def test_scalars_are_logged_on_the_step_axis(finished):
    logged = rows(finished)
    assert [row["step"] for row in logged] == [2, 4, 6, 7]
    assert [row["images_seen"] for row in logged] == [16, 32, 48, 56]
    names = {
        "d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake", "d_logits_real",
        "d_logits_fake", "value", "jensen_shannon", "g_learning_rate", "d_learning_rate",
    }  # fmt: skip
    assert names <= set(logged[0])
    assert logged[0]["g_learning_rate"] == pytest.approx(2e-4)
    assert logged[0]["jensen_shannon"] == pytest.approx(
        (logged[0]["value"] + np.log(4)) / 2, abs=1e-5
    )
    board = events(finished)
    for row in logged:
        for name in names:
            shown = {
                e.step: tf.make_ndarray(e.tensor_proto) for e in board.Tensors(f"train/{name}")
            }
            assert float(shown[row["step"]]) == pytest.approx(row[name])


def test_tensorboard_shows_grids_settings_and_hparams(finished):
    board = events(finished)
    tags = set(board.Tags()["tensors"])
    assert {"samples/averaged", "samples/raw", "samples/real", "configuration"} <= tags
    assert [e.step for e in board.Tensors("samples/averaged")] == [4, 7]
    assert [e.step for e in board.Tensors("samples/real")] == [0]
    width, height, png = board.Tensors("samples/raw")[0].tensor_proto.string_val[:3]
    assert (width, height) == (b"78", b"78") and png.startswith(b"\x89PNG")
    assert b"|batch_size|8|" in board.Tensors("configuration")[0].tensor_proto.string_val[0]
    hparams = board.summary_metadata["_hparams_/session_start_info"].plugin_data
    assert hparams.plugin_name == "hparams"
    assert b"kernel_size" in hparams.content and b"log_every" not in hparams.content


def test_final_report_names_files_and_next_commands(tmp_path, capsys):
    run_train(tmp_path, "--steps=1")
    printed = capsys.readouterr().out
    assert "[##########] 1/1  loss D" in printed
    for text in (
        f"{tmp_path}/samples/step_00000001.png",
        f"{tmp_path}/metrics.jsonl",
        f"{tmp_path}/checkpoints/step-1",
        f"tensorboard --logdir {tmp_path}",
        f"python -m keras_gan.generate --run_dir={tmp_path} --seeds=0-63 --output=samples.png",
        f"python export.py --run_dir={tmp_path}",
    ):
        assert text in printed


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
    timings = {"images_per_second": None}
    assert [row | timings for row in rows(tmp_path)] == [row | timings for row in rows(finished)]
    grids = [path / "samples" / "step_00000007.png" for path in (tmp_path, finished)]
    assert grids[0].read_bytes() == grids[1].read_bytes()


def test_finished_runs_say_so(finished, capsys):
    before = rows(finished)
    run_train(finished, "--steps=7")
    assert "already at step 7; raise --steps" in capsys.readouterr().out
    assert rows(finished) == before


def test_run_flags_are_a_flagfile_of_the_run(finished, capsys):
    train.main(["train.py", f"--flagfile={finished / 'run.flags'}"])
    assert "already at step 7" in capsys.readouterr().out
    assert RunDirectory(finished).read()["config"].run_dir == str(finished)


def test_other_settings_are_refused_by_name(finished, capsys):
    message = fails(capsys, "--seed=4", "--model_arg=width=3", run_dir=finished)
    assert "--seed is 0 there, 4 here" in message
    assert "--model_arg=width is 2 there, 3 here" in message
    assert f"--flagfile={finished}/run.flags --run_dir={finished}" in message


def test_changes_under_a_run_are_refused(finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    record = json.loads((tmp_path / "config.json").read_text())
    record["model"]["label_smoothing"] = 0.3
    record["num_examples"] = 5
    (tmp_path / "config.json").write_text(json.dumps(record))
    message = fails(capsys, "--steps=9", run_dir=tmp_path)
    assert "label_smoothing is 0.3 there, 0.0 here" in message
    assert "number of examples is 5 there, 1437 here" in message


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
        "import sys, time; from keras_gan.lock import hold\n"
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


def test_flags_reach_what_they_are_for(tmp_path, monkeypatch):
    """Every flag that changes the data or the averaging is handed on."""
    seen = {}
    load, compile_model = training.load_dataset, training.models.get("dcgan").compile

    def spy_load(name, **options):
        seen.update(options, dataset=name)
        source = load("digits", image_size="8")
        batches = source.batches
        source.batches = lambda size, **o: seen.update(o, size=size) or batches(size, **o)
        return source

    def spy_compile(self, *optimizers, **options):
        seen.update({f"compile_{key}": value for key, value in options.items()})
        return compile_model(self, *optimizers, **options)

    monkeypatch.setattr(training, "load_dataset", spy_load)
    monkeypatch.setattr(training.models.get("dcgan"), "compile", spy_compile)
    run_train(
        tmp_path, "--dataset=x", "--split=test", "--data_dir=d", "--channels=1", "--image_size=8",
        "--crop=none", "--flip", "--seed=5", "--ema_images=7", "--steps=1",
    )  # fmt: skip
    expected = {
        "dataset": "x", "split": "test", "data_dir": "d", "channels": 1, "image_size": "8",
        "crop": "none", "flip": True, "seed": 5, "size": 8, "start": 0,
        "compile_seed": 5, "compile_ema_images": 7,
    }  # fmt: skip
    assert {key: seen[key] for key in expected} == expected


def test_logged_scalars_are_means_of_their_interval(tmp_path):
    every, pairs = tmp_path / "every", tmp_path / "pairs"
    run_train(every, "--steps=4", "--log_every=1")
    run_train(pairs, "--steps=4", "--log_every=2")
    single = [row["d_loss"] for row in rows(every)]
    expected = [np.mean(single[:2]), np.mean(single[2:])]
    assert [row["d_loss"] for row in rows(pairs)] == pytest.approx(expected, rel=1e-6)


def test_sample_grids_are_the_averaged_generators(finished):
    model, _ = load_run(finished)
    expected = pictures.picture(model.sample_seeds([(seed, 0) for seed in range(64)]))
    drawn = tf.io.decode_png((finished / "samples" / "step_00000007.png").read_bytes()).numpy()
    assert np.abs(drawn.astype(int) - expected.astype(int)).max() <= 1
    assert not np.array_equal(
        values(model.generator.weights)[0], values(model.averaged_generator.weights)[0]
    )


def test_learning_rates_fall_to_zero(tmp_path):
    run_train(
        tmp_path, "--steps=4", "--decay_images=32", "--g_learning_rate=1e-3",
        "--d_learning_rate=4e-3", "--model_arg=d_steps=2",
    )  # fmt: skip
    logged = rows(tmp_path)
    assert [row["g_learning_rate"] for row in logged] == pytest.approx([5e-4, 0.0], abs=1e-9)
    assert [row["d_learning_rate"] for row in logged] == pytest.approx([2e-3, 0.0], abs=1e-9)


def test_points_are_drawn_and_other_vectors_are_not(tmp_path):
    train.main([
        "train.py", "--model=gan", "--dataset=ring", f"--run_dir={tmp_path}", "--steps=2",
        "--model_arg=latent_dim=2", "--model_arg=generator_units=8",
    ])  # fmt: skip
    drawn = tf.io.decode_png((tmp_path / "samples" / "step_00000002.png").read_bytes())
    assert drawn.shape == (512, 512, 3)


def test_profile_window_is_written(tmp_path):
    run_train(tmp_path, "--steps=4", "--profile_steps=2,3")
    assert list((tmp_path / "tensorboard").rglob("*.xplane.pb"))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--stesp=5"], "Unknown flag --stesp. Did you mean --steps?"),
        (["extra"], "Expected only flags, --name=value. Received: 'extra'"),
        (["--model=dcgen"], "Unknown model 'dcgen'. Did you mean 'dcgan'?"),
        (["--dataset=mnits"], "Unknown dataset 'mnits'. Did you mean 'mnist'?"),
        (["--model_arg=widht=3"], "no argument 'widht'. Did you mean 'width'?"),
        (["--model_arg=width"], "--model_arg must be key=value. Received: 'width'"),
        (["--model_arg=width=wide"], "width must be a whole number. Received: 'wide'"),
        (["--model_arg=latent_dim=0"], "latent_dim must be at least 1. Received: 0"),
        (["--image_size=30"], "nearest sizes are 28x28 and 32x32"),
        (
            ["--batch_size=2000"],
            "fewer than one batch. Received: --batch_size=2000; use 1437",
        ),
        (["--batch_size=9", "--cpu_replicas=2"], "multiple of the 2 replicas. Received: 9"),
        (["--cpu_replicas=64", "--batch_size=64"], "needs 64 logical CPUs"),
        (["--cpu_replicas=2", "--strategy=default"], "--strategy=default trains on one device"),
        (["--dataset=ring"], "For vectors use --model=gan"),
        (["--dataset=ring", "--model=gan", "--flip"], "ring has vectors. Drop --flip"),
        (["--seed=5000000000"], "--seed must be at most 4294967295. Received: 5000000000"),
        (["--g_learning_rate=inf"], "--g_learning_rate must be at least 0.0. Received: inf"),
        (["--run_dir=a[1]"], "--run_dir must be free of [ ] * and ?. Received: a[1]."),
        (["--run_dir=/proc/x"], "Cannot write into --run_dir=/proc/x: No such file or directory."),
        (["--profile_steps=20,10"], "--profile_steps must be FIRST,LAST"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(flags, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in fails(capsys, *flags)
    assert list(tmp_path.iterdir()) == []


def test_unreadable_records_are_named(tmp_path, capsys):
    (tmp_path / "config.json").write_text("{ not json")
    assert f"Cannot read {tmp_path}/config.json" in fails(capsys, run_dir=tmp_path)
    (tmp_path / "config.json").write_text('{"config": {}}')
    assert f"Cannot read {tmp_path}/config.json" in fails(capsys, run_dir=tmp_path)


def test_default_run_directory_is_named_after_the_model():
    assert Config(model="gan").directory == "runs/gan"
    assert Config(run_dir="x").directory == "x"
