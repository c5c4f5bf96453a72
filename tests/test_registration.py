"""`import keras_gan` is enough for `keras.models.load_model`, and loads no TensorFlow itself."""

import ast
import pathlib
import subprocess
import sys

import pytest

import keras_gan
from keras_gan import models, registration
from tests.conftest import build

PACKAGE = pathlib.Path(keras_gan.__file__).parent


@pytest.mark.parametrize(
    "first", ["keras", pytest.param("keras_gan.losses", marks=pytest.mark.soak)]
)
def test_a_saved_model_loads_in_a_new_process(first, tmp_path):
    """Whatever is imported first, after `import keras_gan` the class is found."""
    build("gan").save(tmp_path / "model.keras")
    code = f"""
import {first}, keras_gan, keras
print(type(keras.models.load_model({str(tmp_path / "model.keras")!r})).__name__)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "GAN", result.stderr


def test_the_import_alone_loads_no_tensorflow():
    code = """
import sys, keras_gan, keras_gan.command, keras_gan.runs.config, keras_gan.models
keras_gan.models.names()
print(not {"tensorflow", "keras"} & set(sys.modules))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "True", result.stderr


def test_all_that_systems_are_made_of_waits_for_keras():
    """A module that a system imports must not be half imported when Keras brings the systems."""
    waiting = [f"keras_gan.models.{name}" for name in models.names()]
    seen = set()
    while waiting:
        name = waiting.pop()
        path = PACKAGE.parent / (name.replace(".", "/") + ".py")
        if name in seen or not path.exists():
            continue
        seen.add(name)
        text = path.read_text()
        is_system = name.startswith("keras_gan.models.")
        if not is_system and ("import keras" in text or "import tensorflow" in text):
            assert registration.is_part(name), f"add {name} to registration.PARTS"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras_gan"):
                waiting += [node.module, *(f"{node.module}.{x.name}" for x in node.names)]
