"""An export in TensorFlow's own C++ loader, the one that TensorFlow Serving calls."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from keras_gan.runs.directory import load_run
from keras_gan.serving import saved_model
from tests.native_session import INVALID_ARGUMENT

HERE = pathlib.Path(__file__).parent
QUIET = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}


def places(directory):
    """Returns names of tensors by signature, `{name: [{input: tensor}, {output: tensor}]}`."""
    with open(os.path.join(directory, "saved_model.pb"), "rb") as file:
        (graph,) = saved_model_pb2.SavedModel.FromString(file.read()).meta_graphs
    return {
        name: [
            {key: info.name for key, info in side.items()}
            for side in (signature.inputs, signature.outputs)
        ]
        for name, signature in graph.signature_def.items()
        if not name.startswith("__")
    }


def natively(code, *arguments):
    """Runs code beside `native_session`, in a process without TensorFlow's Python package."""
    before = f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
    after = "\nassert 'tensorflow' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", before + code + after, *arguments],
        capture_output=True, text=True, env=QUIET,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_signature_runs_in_the_native_loader(exported, finished):
    directory = str(exported / "saved_model" / "1")
    model, _ = load_run(str(finished))
    latents = model.seeded_latents([(seed, 0) for seed in range(3)])
    answers = natively(
        "import json, numpy, native_session\n"
        "session = native_session.NativeSession(sys.argv[1])\n"
        "rows = {'seeds': numpy.arange(3), 'latents': numpy.float32(json.loads(sys.argv[3]))}\n"
        "answers = {}\n"
        "for name, (inputs, outputs) in json.loads(sys.argv[2]).items():\n"
        "    fed = {tensor: rows[key] for key, tensor in inputs.items()}\n"
        "    for key, answer in zip(outputs, session.run(fed, list(outputs.values()))):\n"
        "        is_text = isinstance(answer, list)\n"
        "        answers[name] = [x.hex() for x in answer] if is_text else answer.tolist()\n"
        "print(json.dumps(answers))",
        directory,
        json.dumps(places(directory)),
        json.dumps(latents.tolist()),
    )
    assert set(answers) == {"serving_default", "from_seeds", "png", "from_seeds_png"}
    expected = model(latents)
    for name in ("serving_default", "from_seeds"):
        np.testing.assert_allclose(np.float32(answers[name]), expected, atol=1e-6)
    for name in ("png", "from_seeds_png"):
        for file, image in zip(answers[name], expected, strict=True):
            pixels = tf.io.decode_png(bytes.fromhex(file)).numpy()
            assert np.abs(pixels / 127.5 - 1.0 - image).max() <= 0.5 / 127.5 + 1e-5


def test_wrong_shapes_are_named_by_the_native_loader(exported):
    """This session does not look at shapes, so the signature does."""
    directory = str(exported / "saved_model" / "1")
    refusals = natively(
        "import json, numpy, native_session\n"
        "session = native_session.NativeSession(sys.argv[1])\n"
        "inputs, outputs = json.loads(sys.argv[2])['serving_default']\n"
        "refusals = []\n"
        "for shape in [(1, 5), (1, 1, 4), (2, 2, 2)]:\n"
        "    rows = numpy.zeros(shape, 'float32')\n"
        "    try:\n"
        "        session.run({inputs['latents']: rows}, list(outputs.values()))\n"
        "    except native_session.NativeError as error:\n"
        "        refusals.append((error.code, str(error)))\n"
        "print(json.dumps(refusals))",
        directory,
        json.dumps(places(directory)),
    )
    assert [code for code, _ in refusals] == [INVALID_ARGUMENT] * 3
    assert all("Expected latents of shape [N, 4]. Received:" in text for _, text in refusals)


def fuzz(directory, count, most):
    """Asks every signature at random; returns how many requests were answered.

    A refusal is INVALID_ARGUMENT, nothing else.

    Args:
        directory: Of a SavedModel.
        count: Number of requests.
        most: Rows that it takes.
    """
    sides = places(directory)
    session, signatures = saved_model.open_session(directory)
    session.close()
    for name, (inputs, _) in sides.items():
        for key, info in signatures[name].inputs.items():
            shape = [None if side.size < 0 else side.size for side in info.tensor_shape.dim]
            inputs[key] = info.name, tf.as_dtype(info.dtype).name, shape[1:]
    done = subprocess.run(
        [sys.executable, str(HERE / "fuzz_requests.py"), directory, str(count), str(most)],
        input=json.dumps(sides), capture_output=True, text=True, env=QUIET,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert set(seen["refused"]) == {str(INVALID_ARGUMENT)}
    assert seen["answered"] + sum(seen["refused"].values()) == count
    assert seen["grown"] < 200  # megabytes
    return seen["answered"]


@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.soak)])
def test_random_requests_are_answered_or_refused(exported, count):
    """Shapes, types, sizes and values at random."""
    assert count / 3 < fuzz(str(exported / "saved_model" / "1"), count, 256) < count * 2 / 3


@pytest.mark.soak
@pytest.mark.skipif(not shutil.which("g++"), reason="there is no compiler, g++")
def test_warmup_in_a_program_of_the_loader(exported, tmp_path):
    """Built against the wheel's headers, it loads the export and answers each request."""
    program = str(tmp_path / "native_loader")
    compiler = ["g++", str(HERE / "native_loader.cc"), "-o", program, "-O0", "-w"]
    libraries = [*tf.sysconfig.get_link_flags(), "-l:libtensorflow_cc.so.2"]
    # Without this the linker leaves out the library that registers the sessions.
    keep = "-Wl,--no-as-needed"
    place = f"-Wl,-rpath,{tf.sysconfig.get_lib()}"
    built = subprocess.run(
        [*compiler, *tf.sysconfig.get_compile_flags(), keep, *libraries, place],
        capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr[-3000:]
    done = subprocess.run(
        [program, str(exported / "saved_model" / "1")], capture_output=True, text=True, env=QUIET
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "serving_default images [1,8,8,1]",
        "from_seeds images [1,8,8,1]",
        "png image_bytes [1]",
        "from_seeds_png image_bytes [1]",
    ]
