"""Tools that read exports: python -m benchmarks.consumer_tools TOOL DIRECTORY ...

Prints a line of JSON for each export: the version of the tool and the largest difference from
Keras, as a share of the largest value; or which package is missing; or an error.
"""

import glob
import importlib.metadata
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

import numpy as np

_SCRIPT = pathlib.Path(__file__).parent / "peers" / "tfjs.mjs"
_F32 = {"INFERENCE_PRECISION_HINT": "f32"}


class Missing(Exception):
    """A package is not installed."""


class Tool(NamedTuple):
    """A tool that reads an export.

    Attributes:
        key: Its name for the command line.
        name: Its name in the table.
        how: What is loaded and passed, as Markdown.
        package: The Python package, whose version is told.
        run: Function of the export's directory and rows by name that returns an array.
    """

    key: str
    name: str
    how: str
    package: str
    run: object


def _session(directory, rows):
    from keras_gan.serving import saved_model

    with saved_model.session(os.path.join(directory, "saved_model")) as run:
        (answer,) = run("serving_default", rows).values()
    return answer


def _layer(directory, rows):
    import keras

    path = os.path.join(directory, "saved_model")
    layer = keras.layers.TFSMLayer(path, call_endpoint="serving_default")
    first = "latents" if "latents" in rows else "images"
    others = {name: x for name, x in rows.items() if name != first}
    (answer,) = layer(rows[first], **others).values()
    return np.asarray(answer)


def _onnx_runtime(folder):
    def run(directory, rows):
        import onnxruntime

        path = _onnx_file(os.path.join(directory, folder))
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (answer,) = session.run(None, rows)
        return answer

    return run


def _onnx_file(folder):
    """Returns the file of the main function."""
    names = ("generator.onnx", "a_to_b.onnx")
    return next(path for name in names for path in glob.glob(os.path.join(folder, name)))


def _openvino(folder, options):
    def run(directory, rows):
        import openvino

        path = os.path.join(directory, folder)
        core = openvino.Core()
        model = core.read_model(path if folder == "saved_model" else _onnx_file(path))
        return core.compile_model(model, "CPU", options)(rows)[0]

    return run


def _litert(directory, rows, **options):
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    path = os.path.join(directory, "saved_model")
    converted = tf.lite.TFLiteConverter.from_saved_model(path, **options).convert()
    runner = Interpreter(model_content=converted).get_signature_runner("serving_default")
    (answer,) = runner(**rows).values()
    return answer


def _litert_default(directory, rows):
    return _litert(directory, rows, signature_keys=["serving_default"])


def _tensorflow_js(directory, rows):
    """Converts with the Python package and runs in Node."""
    node, packages = shutil.which("node"), os.environ.get("TFJS")
    if not (node and packages):
        raise Missing("node and --tfjs")
    _without_other_formats()
    from tensorflowjs.converters import tf_saved_model_conversion_v2 as converter

    with tempfile.TemporaryDirectory() as place:
        source = os.path.join(directory, "saved_model")
        converter.convert_tf_saved_model(
            source, place, signature_def="serving_default", strip_debug_ops=True
        )
        given = {name: {"shape": x.shape, "values": x.ravel().tolist()} for name, x in rows.items()}
        script = shutil.copy(_SCRIPT, os.path.join(packages, "keras_gan_tfjs.mjs"))
        done = subprocess.run(
            [node, script, place], input=json.dumps(given), capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(next(x for x in done.stderr.splitlines() if "Error" in x))
        answer = json.loads(done.stdout.splitlines()[-1])
    return np.reshape(answer["values"], answer["shape"])


def _without_other_formats():
    """Puts empty modules where the converter imports readers of formats that are not ours.

    They need packages (JAX, TensorFlow Decision Forests) of other versions of TensorFlow.
    """
    from types import ModuleType

    sys.modules["tensorflow_decision_forests"] = ModuleType("tensorflow_decision_forests")
    jax = ModuleType("jax_conversion")
    jax.convert_jax = None
    sys.modules["tensorflowjs.converters.jax_conversion"] = jax


TOOLS = (
    Tool("session", "TensorFlow, session", "SavedModel, `serving_default`", "tensorflow", _session),
    Tool(
        "layer", "`keras.layers.TFSMLayer`", 'SavedModel, `call_endpoint="serving_default"`; '
        "labels and codes by name: `layer(latents, labels=labels)`", "keras", _layer,
    ),
    Tool("onnx", "ONNX Runtime", "ONNX", "onnxruntime", _onnx_runtime("onnx")),
    Tool(
        "onnx16", "ONNX Runtime, float16", "ONNX of `--onnx_weights=float16`", "onnxruntime",
        _onnx_runtime("onnx_float16"),
    ),
    Tool(
        "openvino", "OpenVINO", 'SavedModel, `{"INFERENCE_PRECISION_HINT": "f32"}`', "openvino",
        _openvino("saved_model", _F32),
    ),
    Tool(
        "openvino_onnx", "OpenVINO, ONNX", 'ONNX, `{"INFERENCE_PRECISION_HINT": "f32"}`',
        "openvino", _openvino("onnx", _F32),
    ),
    Tool(
        "openvino_plain", "OpenVINO, without the hint", "SavedModel, no options: bfloat16 on CPUs "
        "that have it", "openvino", _openvino("saved_model", {}),
    ),
    Tool(
        "litert", "LiteRT", 'SavedModel, `signature_keys=["serving_default"]`', "ai-edge-litert",
        _litert_default,
    ),
    Tool(
        "litert_all", "LiteRT, all signatures", "SavedModel, no options", "ai-edge-litert", _litert
    ),
    Tool(
        "tfjs", "TensorFlow.js", "SavedModel, `--signature_name=serving_default "
        "--strip_debug_ops=True`", "tensorflowjs", _tensorflow_js,
    ),
)  # fmt: skip


def ask(tool, directory):
    """Returns `version` and `difference`, or `missing`, or `error`, for an export and its rows."""
    try:
        version = importlib.metadata.version(tool.package)
        return {"version": version, "difference": _difference(tool, directory)}
    except importlib.metadata.PackageNotFoundError:
        return {"missing": tool.package}
    except Missing as error:
        return {"missing": str(error)}
    except Exception as error:  # Each tool has kinds of its own.
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return {"version": version, "error": f"{type(error).__name__}: {' '.join(lines[:1])}"}


def _difference(tool, directory):
    with np.load(os.path.join(directory, "rows.npz")) as file:
        rows = {name: file[name] for name in file.files if name != "answer"}
        expected = file["answer"]
    answer = tool.run(directory, rows)
    if answer.shape != expected.shape:
        raise ValueError(f"Expected the shape {expected.shape}. Received: {answer.shape}.")
    return float(np.abs(answer.astype("float64") - expected).max() / np.abs(expected).max())


def main(key, *directories):
    """Asks one tool about each export and prints its answers."""
    (tool,) = (tool for tool in TOOLS if tool.key == key)
    for directory in directories:
        print(json.dumps(ask(tool, directory)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
