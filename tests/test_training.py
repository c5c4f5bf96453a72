"""Runs through `train.py`: what is written, resumed and refused."""

import os
import types

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import train
from keras_gan.commands import training
from keras_gan.drawing import pictures
from keras_gan.runs import steps_per_call as pace
from keras_gan.runs.config import Config
from keras_gan.runs.directory import RunDirectory, load_run
from tests.conftest import values
from tests.runs import assert_same_run, fails, fingerprint, rows, run_train


def events(run_dir):
    accumulator = EventAccumulator(os.path.join(run_dir, "tensorboard"), {"tensors": 0})
    accumulator.Reload()
    return accumulator


def test_run_directory_holds_what_the_design_says(finished):
    assert sorted(os.listdir(finished)) == [
        ".lock", "checkpoints", "config.json", "data.json.gz", "metrics.jsonl", "run.flags",
        "samples", "tensorboard",
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


def test_finished_runs_say_so(finished, capsys):
    before = rows(finished)
    run_train(finished, "--steps=7")
    assert "is already at step 7. Raise --steps" in capsys.readouterr().out
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


def test_flags_reach_what_they_are_for(tmp_path, monkeypatch):
    """Every flag that changes the data or the averaging is handed on."""
    seen = {}
    load, compile_model = training.load_dataset, training.models.get("dcgan").compile

    def spy_load(name, **options):
        seen.update(options, dataset=name)
        source = load("digits", image_size="8")
        batches = source.batches
        source.batches = lambda size, **o: seen.update(o, size=size) or batches(size, **o)
        source.first_batch = lambda count: {"image": next(iter(batches(count)))["image"].numpy()}
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


def test_a_run_whose_learning_rates_are_zero_is_told_how_to_go_on(tmp_path, capsys, eagerly):
    run_train(tmp_path, "--steps=2", "--decay_images=16")
    capsys.readouterr()
    run_train(tmp_path, "--steps=2", "--decay_images=16")
    assert "raise --steps and give --decay_images=run" in capsys.readouterr().out
    before = fingerprint(tmp_path), (tmp_path / "config.json").read_text()
    for flags in (["--decay_images=16"], ["--decay_images=9"]):
        message = fails(capsys, "--steps=4", *flags, run_dir=tmp_path)
        assert "fell to 0 at step 2 by --decay_images=" in message
        assert "the steps 3 to 4 would change nothing. Give --decay_images=run" in message
    assert "--decay_images is 16 there, not set here" in fails(
        capsys, "--steps=4", run_dir=tmp_path
    )
    assert before == (fingerprint(tmp_path), (tmp_path / "config.json").read_text())
    run_train(tmp_path, "--steps=4", "--decay_images=run", "--log_every=1")
    assert [row["g_learning_rate"] for row in rows(tmp_path)[-2:]] == pytest.approx([5e-5, 0.0])
    assert RunDirectory(tmp_path).read()["config"].decay_images == "run"
    assert fingerprint(tmp_path) != before[0]
    capsys.readouterr()
    run_train(tmp_path, "--steps=4", "--decay_images=run", "--log_every=1")
    assert "is already at step 4. Raise --steps to train on." in capsys.readouterr().out
    run_train(tmp_path, "--steps=8", "--decay_images=run", "--log_every=1")
    rates = {row["step"]: row["g_learning_rate"] for row in rows(tmp_path)}
    assert rates[5] == pytest.approx(2e-4 * 3 / 8) and rates[8] == 0.0


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
        (["--run_dir=a\0b"], "--run_dir must be printable text."),
        (["--decay_images=1" + 400 * "0"], "--decay_images must be at most 1000000000000."),
        (
            ["--image_size=99999999999"],
            "--image_size must be N or HEIGHTxWIDTH, like 64 or 64x48, at",
        ),
        (["--model_arg=width=99999999999999999999"], "width must be at most 65536."),
        (["--model_arg=d_steps=101"], "d_steps must be at most 100."),
        (["--cpu_replicas=100000"], "--cpu_replicas must be at most 64."),
        (["--dataset=mnits"], "There is no folder and no dataset 'mnits'. Did you mean 'mnist'?"),
        (["--model_arg=widht=3"], "no argument 'widht'. Did you mean 'width'?"),
        (["--model_arg=width"], "--model_arg must be key=value. Received: 'width'"),
        (["--model_arg=width=wide"], "width must be a whole number. Received: 'wide'"),
        (
            ["--model_arg=latent_dim=0"],
            "latent_dim must be a whole number of at least 1. Received: 0",
        ),
        (["--image_size=30"], "nearest sizes, 28x28 and 32x32"),
        (
            ["--batch_size=2000"],
            "fewer than one batch. Received: --batch_size=2000. Use 1437",
        ),
        (["--batch_size=9", "--cpu_replicas=2"], "multiple of the 2 replicas. Received: 9"),
        (["--cpu_replicas=64", "--batch_size=64"], "needs 64 logical CPUs"),
        (
            ["--cpu_replicas=2", "--strategy=default"],
            "--cpu_replicas=2 with --strategy=default",
        ),
        (["--dataset=ring"], "For vectors use --model=gan"),
        (["--dataset=ring", "--model=gan", "--flip"], "Received: ring with vectors. Drop --flip"),
        (["--seed=5000000000"], "--seed must be at most 4294967295. Received: 5000000000"),
        (
            ["--g_learning_rate=inf"],
            "--g_learning_rate must be at most 1000000000000. Received: inf",
        ),
        (["--run_dir=a[1]"], "--run_dir must not contain [ ] * or ?. Received: a[1]. Use"),
        (["--run_dir=/proc/x"], "Cannot write into --run_dir=/proc/x: No such file or directory."),
        (["--profile_steps=20,10"], "--profile_steps must be FIRST,LAST"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(flags, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in fails(capsys, *flags)
    assert list(tmp_path.iterdir()) == []


def test_default_run_directory_is_named_after_the_model():
    assert Config(model="gan").directory == "runs/gan"
    assert Config(run_dir="x").directory == "x"


def test_many_steps_in_a_call_change_nothing(tmp_path, capsys):
    """Not the state, nor what is logged and drawn; on a run that is resumed as well."""
    run_train(tmp_path / "one", "--steps=16", "--checkpoint_every=4")
    for end in (8, 16):
        many = ("--steps_per_execution=3", "--checkpoint_every=4")
        run_train(tmp_path / "many", f"--steps={end}", *many)
        assert ", 2 steps at a time, into" in capsys.readouterr().out  # Every interval is even.
    assert_same_run(tmp_path / "one", tmp_path / "many")


@pytest.mark.soak
def test_many_steps_in_a_call_over_replicas_change_rounding_only(tmp_path):
    ended = []
    for number in (1, 2):
        run_dir = tmp_path / str(number)
        run_train(run_dir, "--steps=4", "--cpu_replicas=2", f"--steps_per_execution={number}",
                  "--checkpoint_every=4")  # fmt: skip
        ended.append(values(load_run(run_dir)[0].variables))
    for one, many in zip(*ended, strict=True):
        np.testing.assert_allclose(many, one, atol=1e-6)


@pytest.mark.parametrize(
    ("done", "asked", "used"), [(0, 1, 1), (0, 7, 5), (0, 99, 50), (10, 99, 10)]
)
def test_steps_in_a_call_meet_every_interval(done, asked, used):
    config = Config(
        steps=1000, log_every=50, sample_every=250, checkpoint_every=500,
        steps_per_execution=str(asked),
    )  # fmt: skip
    model = types.SimpleNamespace(stages=["all steps"])
    assert pace.steps_per_execution(config, model, None, done, None) == used


@pytest.mark.parametrize(
    ("alone", "together", "steps"),
    [(2e-3, 1e-3, 115), (30e-3, 30e-3, 1), (3e-3, 3.1e-3, 1), (0.04, 0.03, 8), (1e-4, 2e-5, 582)],
)
def test_the_best_number_of_steps_in_a_call(alone, together, steps):
    """The overhead of a call is (alone - together) * 16/15; at most 1 % of the time, and 250 ms."""
    assert pace.best(alone, together) == steps


def test_measuring_the_steps_in_a_call_changes_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(pace, "best", lambda alone, together: 4 if alone > 0 < together else None)
    monkeypatch.setattr(pace, "_TRIED", 2)
    kind = ("--steps=8", "--checkpoint_every=4", "--log_every=4", "--sample_every=4")
    for name in ("1", "auto"):
        run_train(tmp_path / name, *kind, f"--steps_per_execution={name}")
    assert ", 4 steps at a time, into" in capsys.readouterr().out
    assert_same_run(tmp_path / "1", tmp_path / "auto")


def test_xla_trains(tmp_path):
    run_train(tmp_path, "--steps=2", "--jit_compile")
    assert rows(tmp_path)[-1]["step"] == 2
    assert np.isfinite(list(rows(tmp_path)[-1].values())).all()
