"""Exports and samples of a run, also in processes that know nothing of the package."""

import json
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
import tensorflow as tf
from tensorflow.python.tools import saved_model_cli

import export
from keras_gan.commands import exporting, generate
from keras_gan.errors import UserError
from keras_gan.runs.directory import load_run
from keras_gan.serving import saved_model
from keras_gan.serving.function import ServedFunction
from tests.runs import command_fails


@pytest.fixture
def run_dir(finished):
    return str(finished)


def elsewhere(code, *arguments):
    """Runs code in a process that cannot import keras_gan; returns its JSON answer."""
    guard = "import sys; sys.modules['keras_gan'] = None\n"
    done = subprocess.run(
        [sys.executable, "-c", guard + code, *arguments], capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return np.array(json.loads(done.stdout.splitlines()[-1]), "float32")


def test_saved_model_answers_in_a_clean_process(run_dir, exported):
    model, _ = load_run(run_dir)
    latents = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    received = elsewhere(
        "import json, tensorflow as tf\n"
        "loaded = tf.saved_model.load(sys.argv[1])\n"
        "serve = loaded.signatures['serving_default']\n"
        "answer = serve(latents=tf.constant(json.loads(sys.argv[2])))\n"
        "print(json.dumps(answer['images'].numpy().tolist()))",
        os.path.join(exported, "saved_model", "1"),
        json.dumps(latents.tolist()),
    )
    np.testing.assert_allclose(received, model(latents), atol=1e-6)


def tool_options(command, exported, *rest):
    """Returns the arguments of `saved_model_cli` for an export."""
    where = os.path.join(exported, "saved_model", "1")
    return [command, "--dir", where, "--tag_set", "serve", *rest]


def test_no_file_operations_are_found(exported, capsys):
    """TensorFlow's own tool looks for them."""
    options = saved_model_cli.create_parser().parse_args(tool_options("scan", exported))
    options.func()
    told = capsys.readouterr().out
    assert "does not contain the default denylisted ops" in told and "ReadFile" in told


@pytest.mark.soak
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["scan"], "does not contain the default denylisted ops"),
        (["show", "--all"], "inputs['seeds'] tensor_info"),
        (
            ["run", "--signature_def", "from_seeds", "--input_exprs", "seeds=[1, 2]"],
            "Result for output key images:",
        ),
    ],
)
def test_saved_model_cli(arguments, expected, exported):
    """TensorFlow's own tool shows an export and runs it."""
    tool = os.path.join(os.path.dirname(sys.executable), "saved_model_cli")
    command, *rest = arguments
    command = [tool, *tool_options(command, exported, *rest)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


def test_onnx_answers_in_a_process_without_tensorflow(run_dir, exported):
    model, _ = load_run(run_dir)
    latents = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    received = elsewhere(
        "sys.modules['tensorflow'] = None\n"
        "import json, numpy, onnxruntime\n"
        "session = onnxruntime.InferenceSession(sys.argv[1])\n"
        "latents = numpy.array(json.loads(sys.argv[2]), 'float32')\n"
        "print(json.dumps(session.run(['images'], {'latents': latents})[0].tolist()))",
        os.path.join(exported, "onnx", "1", "generator.onnx"),
        json.dumps(latents.tolist()),
    )
    np.testing.assert_allclose(received, model(latents), atol=1e-6)


def test_signatures_and_metadata(exported):
    loaded = tf.saved_model.load(os.path.join(exported, "saved_model", "1"))
    serve = loaded.signatures["serving_default"]
    (latents,) = serve.structured_input_signature[1].values()
    assert latents.name == "latents" and latents.shape.as_list() == [None, 4]
    assert serve.structured_outputs["images"].shape.as_list() == [None, 8, 8, 1]
    names = [variable.name for variable in serve.variables]
    assert names and not any("adam" in name or "discriminator" in name for name in names)
    written = tf.train.list_variables(
        os.path.join(exported, "saved_model", "1", "variables", "variables")
    )
    shapes = [shape for name, shape in written if not name.startswith("_CHECKPOINTABLE")]
    assert sorted(shapes) == sorted(variable.shape.as_list() for variable in serve.variables)

    model = onnx.load(os.path.join(exported, "onnx", "1", "generator.onnx"))
    onnx.checker.check_model(model, full_check=True)
    (given,), (answered,) = model.graph.input, model.graph.output
    assert (given.name, answered.name) == ("latents", "images")
    for value in (given, answered):
        assert value.type.tensor_type.shape.dim[0].dim_param == "batch"
    assert model.opset_import[0].version == 18
    stated = {item.key: item.value for item in model.metadata_props}
    with open(os.path.join(exported, "saved_model", "1", "assets.extra", "metadata.json")) as file:
        assert json.load(file) == stated | {"max_batch": "256"}
    assert stated["latent_prior"] == "N(0, I)" and stated["value_range"] == "[-1, 1]"
    assert stated["step"] == "7" and stated["shape"] == "8x8x1"


def test_versions_count_up_over_both_formats(run_dir, tmp_path):
    first = exporting.export(run_dir, str(tmp_path), "onnx")
    second = exporting.export(run_dir, str(tmp_path), ["saved_model", "onnx"])
    assert first["onnx"] == str(tmp_path / "onnx" / "1" / "generator.onnx")
    assert second["saved_model"] == str(tmp_path / "saved_model" / "2")
    assert (tmp_path / "onnx" / "1").exists() and (tmp_path / "onnx" / "2").exists()
    assert not [name for name in os.listdir(tmp_path / "onnx") if name.startswith(".")]


def test_flagfiles_name_the_run(run_dir, tmp_path, capsys):
    flagfile = os.path.join(run_dir, "run.flags")
    export.main(
        ["export.py", f"--flagfile={flagfile}", f"--export_dir={tmp_path}", "--formats=onnx"]
    )
    assert f"{tmp_path}/onnx/1/generator.onnx" in capsys.readouterr().out


def test_failed_parity_exports_nothing(run_dir, tmp_path, monkeypatch, capsys):
    original = ServedFunction.check

    def off_by_a_little(self, answer, what, level=0.0):
        original(self, lambda inputs: answer(inputs) + 1e-4, what, level)

    monkeypatch.setattr(ServedFunction, "check", off_by_a_little)
    message = command_fails(capsys, export.main, f"--run_dir={run_dir}", f"--export_dir={tmp_path}")
    assert "serving_default does not answer what Keras answers: at batch 1" in message
    assert not [name for parent in tmp_path.iterdir() for name in os.listdir(parent)]


@pytest.mark.parametrize("shape", ["missing", "no checkpoint"])
def test_runs_that_cannot_be_exported(shape, run_dir, tmp_path, capsys):
    if shape == "missing":
        expected = f"There is no run in {tmp_path}"
    else:
        with open(os.path.join(run_dir, "config.json")) as file:
            (tmp_path / "config.json").write_text(file.read())
        expected = f"The run {tmp_path} has no checkpoint yet"
    assert expected in command_fails(capsys, export.main, f"--run_dir={tmp_path}")
    assert expected in command_fails(capsys, generate.main, f"--run_dir={tmp_path}")
    assert not os.path.exists(tmp_path / "export")


def test_bad_exports_are_named(run_dir, tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("")
    run = f"--run_dir={run_dir}"
    assert "--formats must be" in command_fails(capsys, export.main, run, "--formats=tflite")
    assert "--formats must be" in command_fails(capsys, export.main, run, "--formats=")
    message = command_fails(capsys, export.main, run, "--export_dir=gs://bucket/x")
    assert "--export_dir must be a directory of this machine. Received: gs://bucket/x." in message
    message = command_fails(capsys, export.main, run, f"--export_dir={blocked}")
    assert f"Cannot export to {blocked}" in message


def test_seeds_are_the_same_images_in_every_output(run_dir, tmp_path):
    grid, array, files = tmp_path / "grid.png", tmp_path / "a" / "array.npy", tmp_path / "images"
    run = f"--run_dir={run_dir}"
    generate.main(["generate", run, "--seeds=3-5,9", f"--output={grid}"])
    generate.main(["generate", run, "--seeds=9", f"--output={array}"])
    generate.main(["generate", run, "--seeds=5,9", f"--output={files}"])
    drawn = tf.io.decode_png(grid.read_bytes()).numpy()
    assert drawn.shape == (18, 18, 1)
    nine = np.load(array)
    assert nine.shape == (1, 8, 8, 1) and nine.dtype == np.float32
    assert sorted(os.listdir(files)) == ["seed_00000005.png", "seed_00000009.png"]
    single = tf.io.decode_png((files / "seed_00000009.png").read_bytes()).numpy()
    for received in (drawn[10:, 10:], np.round((nine[0] + 1) * 127.5)):
        assert np.abs(received.astype(int) - single.astype(int)).max() <= 1
    model, _ = load_run(run_dir)
    np.testing.assert_allclose(model.sample(1, seed=9), nine, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "seeds"), [("0-2", [0, 1, 2]), ("7", [7]), ("1, 5,9-10", [1, 5, 9, 10]), ("-3", [-3])]
)
def test_seed_lists(text, seeds):
    assert generate.parse_seeds(text) == seeds


def test_bad_samples_are_named(run_dir, capsys):
    run = f"--run_dir={run_dir}"
    assert "--run_dir is needed" in command_fails(capsys, generate.main)
    assert "--output must be a .png" in command_fails(capsys, generate.main, run, "--output=a.jpg")
    assert "--output must be a .png" in command_fails(capsys, generate.main, run, "--output=")
    for seeds in ("", "5-2", "a", "1e3", str(2**63)):
        assert "--seeds must be like" in command_fails(
            capsys, generate.main, run, f"--seeds={seeds}"
        )


def test_the_most_rows_of_a_request(run_dir, tmp_path):
    flags = [f"--run_dir={run_dir}", f"--export_dir={tmp_path}", "--formats=saved_model"]
    export.main(["export.py", *flags, "--max_batch=1"])
    assert "max_batch_size { value: 1 }" in (tmp_path / "batching.config").read_text()
    with saved_model.session(str(tmp_path / "saved_model" / "1")) as run:
        assert len(run("from_seeds", {"seeds": np.array([5])})["images"]) == 1
        with pytest.raises(tf.errors.InvalidArgumentError, match="at most 1 rows"):
            run("from_seeds", {"seeds": np.array([5, 6])})


@pytest.mark.parametrize(
    "wrong",
    [
        {"onnx_layout": "NCHW"},
        {"onnx_images": "int8"},
        {"onnx_weights": "bfloat16"},
        {"max_batch": 0},
        {"max_batch": 2.5},
        {"formats": ["tflite"]},
    ],
)
def test_bad_arguments_are_named(wrong, run_dir, tmp_path):
    (name,) = wrong
    with pytest.raises(UserError, match=f"{name} must be .* Received: "):
        exporting.export(run_dir, str(tmp_path), **wrong)
    assert os.listdir(tmp_path) == []


def test_two_exports_at_once(run_dir, tmp_path, monkeypatch, capsys):
    """The other one has taken the version when ours is ready."""
    original = exporting.deployment.write

    def too_late(export_dir, name, version, *rest):
        (tmp_path / "saved_model" / str(version)).mkdir()
        return original(export_dir, name, version, *rest)

    monkeypatch.setattr(exporting.deployment, "write", too_late)
    flags = (f"--run_dir={run_dir}", f"--export_dir={tmp_path}", "--formats=saved_model")
    message = command_fails(capsys, export.main, *flags)
    assert f"Another export has just written version 1 to {tmp_path}. Export again." in message
    assert not [n for n in os.listdir(tmp_path / "saved_model") if n.startswith(".")]


def test_what_cannot_be_deployed_is_not_published(run_dir, tmp_path, capsys):
    (tmp_path / "serve.sh").mkdir()
    message = command_fails(capsys, export.main, f"--run_dir={run_dir}", f"--export_dir={tmp_path}")
    assert f"Cannot read {tmp_path}/serve.sh: " in message
    assert os.listdir(tmp_path / "saved_model") == os.listdir(tmp_path / "onnx") == []


def test_a_generator_that_has_diverged_is_refused(run_dir, tmp_path, monkeypatch, capsys):
    def diverged(run_dir, checkpoint, standing_statistics):
        model, record = load_run(run_dir, checkpoint)
        model.averaged_generator.set_weights(
            [np.full_like(weights, np.nan) for weights in model.averaged_generator.get_weights()]
        )
        return model, record

    monkeypatch.setattr(exporting, "load_run", diverged)
    message = command_fails(capsys, export.main, f"--run_dir={run_dir}", f"--export_dir={tmp_path}")
    assert "The function sample gives values that are not finite" in message
