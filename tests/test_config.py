"""Flags, flagfiles and the saved configuration."""

import dataclasses
import pathlib
import subprocess
import sys

import pytest

from keras_gan.commands import evaluate, generate, probe, translate
from keras_gan.errors import UserError
from keras_gan.options import parse, usage
from keras_gan.runs.config import Config, key_values
from keras_gan.serving.options import ExportOptions
from keras_gan.serving.stand_in import __main__ as stand_in

ROOT = pathlib.Path(__file__).parents[1]


def read(*arguments):
    return parse(Config, ["train.py", *arguments])


def test_defaults_are_the_dataclass_defaults():
    assert read() == Config()


COMMANDS = (
    Config,
    ExportOptions,
    evaluate.Options,
    generate.Options,
    probe.Options,
    stand_in.Options,
    translate.Options,
)
PATHS = {"run_dir", "dataset", "target", "data_dir", "images", "output", "held_out", "export_dir"}


@pytest.mark.parametrize("options", COMMANDS)
def test_every_path_begins_at_home(options, monkeypatch):
    """The shell expands no ~ after an equals sign."""
    monkeypatch.setenv("HOME", "/home/me")
    names = PATHS & {field.name for field in dataclasses.fields(options)}
    assert names == {field.name for field in dataclasses.fields(options) if field.metadata["path"]}
    given = {name: "~/run" if name == "run_dir" else "~/some" for name in names}
    if options is evaluate.Options:
        given |= {"run_dir": ("~/run", "/other"), "output": None}
    found = options(**given)
    for name, value in given.items():
        expected = {"~/run": "/home/me/run", ("~/run", "/other"): ("/home/me/run", "/other")}
        assert getattr(found, name) == (value and expected.get(value, "/home/me/some"))


def test_last_value_wins_around_a_flagfile(tmp_path):
    flagfile = tmp_path / "a.flags"
    flagfile.write_text("# comment\n--batch_size=32\n\n--model_arg=width=8\n--flip\n")
    assert read(f"--flagfile={flagfile}", "--batch_size=16").batch_size == 16
    config = read("--batch_size=16", f"--flagfile={flagfile}", "--model_arg=width=4")
    assert config.batch_size == 32
    assert config.flip
    assert key_values(config.model_arg) == {"width": "4"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--batchsize=8"], "Unknown flag --batchsize. Did you mean --batch_size? See --help."),
        (["--penalty=r1"], "If it is an argument of the model, use --model_arg=penalty=VALUE."),
        (["--steps=many"], "--steps must be a whole number. Received: 'many'."),
        (["--d_learning_rate=fast"], "--d_learning_rate must be a number. Received: 'fast'."),
        (["--flip=maybe"], "--flip must be true or false. Received: 'maybe'."),
        (["--steps=0"], "--steps must be at least 1. Received: 0."),
        (["--d_learning_rate=-1"], "--d_learning_rate must be at least 0.0. Received: -1.0."),
        (["--d_learning_rate=nan"], "--d_learning_rate must be at least 0.0. Received: nan."),
        (["--decay_images=walk"], "must be a whole number or run. Received: 'walk'."),
        (["--decay_images=0"], "--decay_images must be at least 1. Received: 0."),
        (["--strategy=gpu"], "default, mirrored, multi_worker, tpu. Received: 'gpu'."),
        (["--steps_per_execution=0"], "a whole number from 1 to 999999, or auto. Received: '0'."),
        (["--precision=float8"], "--precision must be one of float32, mixed_bfloat16"),
        (["steps=5"], "Received: 'steps=5'. Did you mean --steps=5? See --help."),
        (["a.flags"], "Received: 'a.flags'. Did you mean --flagfile=a.flags? See --help."),
        (["train"], "Expected only flags, --name=value. Received: 'train'. See --help."),
        (
            ["--flagfile=no.flags"],
            "Cannot open the flagfile: No such file or directory: 'no.flags'",
        ),
        (["--flagfile="], "--flagfile must name a file. Received: an empty name."),
        (["--steps"], "--steps"),
    ],
)
def test_bad_flags_are_refused(arguments, message):
    with pytest.raises(UserError) as error:
        read(*arguments)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_suggestions_leave_out_hidden_flags():
    for flag in ("--stpes=5", "--penalty=r1"):
        with pytest.raises(UserError, match=f"Unknown flag {flag.split('=')[0]}. See --help."):
            parse(ExportOptions, ["export.py", flag])


def test_flagfile_text_round_trips(tmp_path):
    config = Config(
        model="gan", model_arg=("latent_dim=3", "d_steps=2"), flip=True, image_size="8x12", steps=7
    )
    flagfile = tmp_path / "run.flags"
    flagfile.write_text(config.to_flagfile())
    assert read(f"--flagfile={flagfile}") == config
    assert Config.from_dict(config.to_dict()) == config


def test_differences_ignore_free_flags():
    run = Config(steps=10, model_arg=("width=8",), batch_size=8)
    same = dataclasses.replace(run, steps=20, log_every=3, model_arg=("width=4", "width=8"))
    assert run.differences(same) == []
    falling = dataclasses.replace(run, decay_images=80)
    # A run may get another decay, but neither gain nor lose one.
    assert run.differences(falling) == [("--decay_images", None, 80)]
    assert falling.differences(dataclasses.replace(run, decay_images="run")) == []
    assert falling.differences(run) == [("--decay_images", 80, None)]
    other = dataclasses.replace(run, batch_size=4, seed=1)
    assert run.differences(other) == [("--seed", 0, 1), ("--batch_size", 8, 4)]
    other = dataclasses.replace(run, model_arg=("width=8", "kernel_size=3"))
    assert run.differences(other) == [("--model_arg=kernel_size", None, "3")]


def test_unknown_entries_of_a_saved_configuration_are_refused():
    with pytest.raises(UserError, match="unknown entries: colour"):
        Config.from_dict({"colour": "red"})


def test_help_lists_every_flag_without_tensorflow():
    code = (
        "import sys, train; train.main(['train.py', '--help']); "
        "assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    for field in dataclasses.fields(Config):
        assert field.name in done.stdout
    assert "--[no]flip" in done.stdout and "--seed\n" in done.stdout
    assert done.stdout.strip() == usage(Config, __import__("train").DESCRIPTION).strip()
