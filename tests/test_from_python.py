"""Exporting and evaluating a model that `fit` has trained, without a run directory."""

import pathlib
import shutil
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest

import keras_gan
import keras_gan.evaluate
from keras_gan.commands import judging
from keras_gan.errors import UserError
from keras_gan.evaluation.digests import weights_digest
from tests.conftest import build


@pytest.fixture(scope="module")
def trained():
    """A model after two steps on digits, and the digits."""
    digits = keras_gan.load_dataset("digits", image_size="8")
    model = build("gan", digits.shape)
    model.compile()
    model.fit(digits.batches(8), steps_per_epoch=2, verbose=0)
    return model, digits


def test_export_of_a_model(trained, tmp_path):
    model, _ = trained
    paths = keras_gan.export(model, tmp_path / "my model", formats="onnx", license="mit")
    session = onnxruntime.InferenceSession(paths["onnx"])
    rows = model.function().rows([(0, i) for i in range(3)])
    (images,) = session.run(None, {"latents": rows["latents"]})
    np.testing.assert_allclose(images, model.sample(3), atol=1e-5)
    card = (tmp_path / "my model/onnx/1/model_card.md").read_text()
    for fact in ("# my_model", "| 2 steps |", "trained in Python", "| latent_dim |", "samples.png"):
        assert fact in card
    assert (tmp_path / "my model/onnx/1/samples.png").exists()


def test_export_of_a_system_of_the_users_own(trained, tmp_path):
    class Own(type(trained[0])):
        pass

    model = Own(**trained[0].get_config())
    keras_gan.export(model, tmp_path, formats="onnx")
    card = (tmp_path / "onnx/1/model_card.md").read_text()
    assert f"| system | own: {type(trained[0]).__doc__.splitlines()[0]} |" in card


def test_evaluation_of_a_model(trained, tmp_path):
    model, digits = trained
    found = keras_gan.evaluate(
        model, digits, num_samples=30, features="pixels", output=str(tmp_path)
    )
    assert found.settings["checkpoint"] == 2 and found.settings["n_fake"] == 30
    assert found.settings["split"] == "unknown"  # A source does not tell it.
    assert found.settings["weights"] == weights_digest(model.averaged_generator)
    assert found.values["kernel_distance"] > 0.05  # It has learnt nothing yet.
    assert (tmp_path / "evaluation.json").exists()
    assert (tmp_path / "evaluation/samples.png").exists()


def test_paths_begin_at_home(trained, finished, tmp_path, monkeypatch):
    model, digits = trained
    shutil.copytree(finished, tmp_path / "run")
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = {"num_samples": 20, "features": "pixels"}
    keras_gan.evaluate(model, digits, output="~/of model", **settings)
    keras_gan.evaluate("~/run", **settings)
    keras_gan.evaluate(pathlib.Path("~/run"), output=pathlib.Path("~/of run"), **settings)
    for name in ("of model", "run", "of run"):
        assert (tmp_path / name / "evaluation.json").exists()


def test_mistakes(trained, tmp_path):
    model, digits = trained
    for act, words in (
        (lambda: keras_gan.export(model), "Expected a directory to export a model to"),
        (lambda: keras_gan.export(digits, tmp_path), "Expected a model of keras_gan"),
        (lambda: keras_gan.export(model, tmp_path, checkpoint="best"), "for a run directory"),
        (lambda: keras_gan.evaluate(model), "keras_gan.load_dataset.*Received: NoneType"),
        (lambda: keras_gan.evaluate(model, keras_gan.load_dataset("ring")), "examples .8, 8, 1."),
        (lambda: keras_gan.evaluate(model, digits, seed=-1), "seed must be a whole number"),
        (lambda: keras_gan.evaluate(digits, digits), "Expected a model of keras_gan"),
        (lambda: keras_gan.evaluate(str(tmp_path), digits), "own dataset"),
        (lambda: keras_gan.evaluate(str(tmp_path)), "There is no run"),
    ):
        with pytest.raises(UserError, match=words):
            act()
    assert not list(tmp_path.iterdir())


def test_evaluate_is_a_function_a_module_and_a_command():
    assert keras_gan.__getattr__("evaluate") is judging.evaluate
    with pytest.raises(UserError, match="Expected a model of keras_gan"):
        keras_gan.evaluate(3)  # The module, which was imported above.
    helped = subprocess.run(
        [sys.executable, "-m", "keras_gan.evaluate", "--help"], capture_output=True, text=True
    )
    assert helped.returncode == 0 and "--run_dir" in helped.stdout and not helped.stderr
