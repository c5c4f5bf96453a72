"""Runs through `train.py`: what is written, resumed and refused."""

import json
import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import train
from keras_gan import callbacks
from keras_gan.config import Config
from keras_gan.run_directory import RunDirectory

TINY = (
    "--model_arg=width=2", "--model_arg=kernel_size=3", "--model_arg=latent_dim=4",
    "--batch_size=8", "--log_every=2", "--sample_every=4", "--checkpoint_every=3",
)  # fmt: skip


def run_train(run_dir, *flags):
    train.main(["train.py", f"--run_dir={run_dir}", *TINY, *flags])


def fails(capsys, *flags, run_dir="/nonexistent/never-written"):
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
        "checkpoints", "config.json", "metrics.jsonl", "run.flags", "samples", "tensorboard",
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
    assert "1/1  D loss" in printed.replace("  took 0:00", "")
    for text in (
        f"{tmp_path}/samples/step_00000001.png",
        f"{tmp_path}/metrics.jsonl",
        f"{tmp_path}/checkpoints/step-1",
        f"tensorboard --logdir {tmp_path}",
        f"python -m keras_gan.generate --run_dir={tmp_path} --seeds=0-63 --output=samples.png",
        f"python export.py --run_dir={tmp_path}",
    ):
        assert text in printed


def test_an_interrupted_run_goes_on_from_its_checkpoint(finished, tmp_path, monkeypatch):
    original = callbacks.Checkpoints.on_train_batch_end

    def interrupted(self, batch, logs=None):
        original(self, batch, logs)
        if self.step == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(callbacks.Checkpoints, "on_train_batch_end", interrupted)
    with pytest.raises(SystemExit) as exit:
        run_train(tmp_path, "--steps=7")
    assert exit.value.code == 130
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
    assert "--model_arg is width=2" in message
    assert f"--flagfile={finished}/run.flags" in message


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
        (["--stesp=5"], "Unknown command line flag 'stesp'"),
        (["extra"], "Expected only --name=value flags. Received: 'extra'"),
        (["--model=dcgen"], "Unknown model 'dcgen'. Did you mean 'dcgan'?"),
        (["--dataset=mnits"], "Unknown dataset 'mnits'. Did you mean 'mnist'?"),
        (["--model_arg=widht=3"], "no argument 'widht'. Did you mean 'width'?"),
        (["--model_arg=width"], "--model_arg must be key=value. Received: 'width'"),
        (["--model_arg=width=wide"], "width must be a whole number. Received: 'wide'"),
        (["--model_arg=latent_dim=0"], "latent_dim must be at least 1. Received: 0"),
        (["--image_size=30"], "nearest sizes are 28x28 and 32x32"),
        (["--batch_size=2000"], "digits has 1437 examples, fewer than one batch"),
        (["--batch_size=9", "--cpu_replicas=2"], "multiple of the 2 replicas. Received: 9"),
        (["--cpu_replicas=64", "--batch_size=64"], "needs 64 logical CPUs"),
        (["--cpu_replicas=2", "--strategy=default"], "--strategy=default trains on one device"),
        (["--dataset=ring"], "For vectors use --model=gan"),
        (["--dataset=ring", "--model=gan", "--flip"], "ring has vectors. Drop --flip"),
        (["--profile_steps=20,10"], "--profile_steps must be FIRST,LAST"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(flags, message, capsys):
    assert message in fails(capsys, *flags)
    assert not os.path.exists("/nonexistent")


def test_unreadable_records_are_named(tmp_path, capsys):
    (tmp_path / "config.json").write_text("{ not json")
    assert f"Cannot read {tmp_path}/config.json" in fails(capsys, run_dir=tmp_path)


def test_default_run_directory_is_named_after_the_model():
    assert Config(model="gan").directory == "runs/gan"
    assert Config(run_dir="x").directory == "x"
