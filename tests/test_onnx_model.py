"""ONNX models in all their forms, in ONNX Runtime and in OpenVINO."""

import functools
import os

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf

import export
from keras_gan.drawing import pictures
from keras_gan.errors import UserError
from keras_gan.game.functions import Function
from keras_gan.game.ports import Images, Latents
from keras_gan.runs.directory import load_run
from keras_gan.serving import onnx_model, smaller
from tests.conftest import build
from tests.serving_toys import serve, served, translation


def exported_onnx(run_dir, tmp_path, *flags):
    export.main(
        ["export.py", f"--run_dir={run_dir}", f"--export_dir={tmp_path}", "--formats=onnx", *flags]
    )
    path = str(tmp_path / "onnx" / "1" / "generator.onnx")
    session = onnxruntime.InferenceSession(path)
    return path, lambda latents: session.run(["images"], {"latents": latents})[0]


@pytest.fixture
def example(finished):
    """Latents and Keras' images for them."""
    model, _ = load_run(str(finished))
    latents = model.seeded_latents([(seed, 0) for seed in range(6)])
    return latents, model(latents).numpy()


def metadata(path):
    return {item.key: item.value for item in onnx.load(path).metadata_props}


def test_layout_and_bytes(finished, tmp_path, example):
    latents, images = example
    path, answer = exported_onnx(
        finished, tmp_path, "--onnx_layout=nchw", "--onnx_images=uint8", "--license=mit"
    )
    received = answer(latents)
    assert received.dtype == np.uint8 and received.shape == (6, 1, 8, 8)
    pixels = np.moveaxis(received, 1, -1).astype(int)
    assert np.abs(pixels - pictures.to_bytes(images)).max() <= 1
    assert np.mean(pixels == pictures.to_bytes(images)) > 0.99
    stated = metadata(path)
    assert (stated["layout"], stated["value_range"]) == ("NCHW", "[0, 255]")
    assert stated["license"] == "mit" and stated["run"] == "dcgan" and stated["shape"] == "1x8x8"
    assert "max_batch" not in stated  # ONNX refuses nothing.


@pytest.mark.parametrize(("weights", "allowed"), [("float16", 0.01), ("int8", 0.2)])
def test_smaller_weights_at_a_measured_loss(weights, allowed, finished, tmp_path, example, capsys):
    latents, images = example
    path, answer = exported_onnx(finished, tmp_path, f"--onnx_weights={weights}")
    difference = np.abs(answer(latents) - images)
    assert 0.0 < difference.max() < allowed
    onnx.checker.check_model(path, full_check=True)
    printed = capsys.readouterr().out.splitlines()[0]
    assert printed.startswith(f"ONNX in {weights}: {os.path.getsize(path):,} bytes, in float32 ")
    # The network is so tiny that scales and casts take more room than its weights.
    assert "It is the larger file: use --onnx_weights=float32." in printed
    stated = metadata(path)
    assert stated["weights"] == weights
    mean, most = float(stated["mean_loss"]), float(stated["largest_loss"])
    assert f"by {mean:.2g} on average, {most:.2g} at most" in printed
    # Of other seeds, so the same only in kind.
    assert difference.mean() / 3 < mean < 3 * difference.mean()
    batch = onnx.load(path).graph.output[0].type.tensor_type.shape.dim[0]
    assert batch.dim_param == "batch"


def test_the_loss_is_that_of_the_weights_alone(finished, tmp_path):
    """And not that of bytes, to which both models round."""
    flags = ("--onnx_weights=float16", "--onnx_images=uint8")
    path, _ = exported_onnx(finished, tmp_path, *flags)
    assert float(metadata(path)["mean_loss"]) < 0.5 / 255


def test_smaller_weights_make_a_smaller_file(tmp_path, capsys):
    """Of a network whose weights are most of its file."""
    model = build("dcgan", (16, 16, 1), width=64)
    functions = [served(model, max_batch=8)]
    sizes = []
    for weights in ("float32", "float16", "int8"):
        onnx_model.write(functions, str(tmp_path), weights=weights)
        sizes.append(os.path.getsize(tmp_path / onnx_model.FILE))
    assert sizes[1] < 0.6 * sizes[0] and sizes[2] < 0.35 * sizes[0]
    assert "larger" not in capsys.readouterr().out


def test_every_file_of_a_system_is_checked(tmp_path, monkeypatch):
    """In all precisions ONNX' checker accepts them; a file that it refuses is not exported."""
    functions = [
        serve(translation(), name, max_batch=2, is_main=name == "a_to_b")
        for name in ("a_to_b", "b_to_a")
    ]
    for weights in ("float32", "float16", "int8"):
        onnx_model.write(functions, str(tmp_path), weights=weights)
        for name in ("a_to_b", "b_to_a"):
            onnx.checker.check_model(str(tmp_path / f"{name}.onnx"), full_check=True)

    def unsort(write, path, small, *rest):
        write(path, small, *rest)
        model = onnx.load(small)
        nodes = list(reversed(model.graph.node))
        del model.graph.node[:]
        model.graph.node.extend(nodes)
        onnx.save(model, small)

    for weights, write in smaller._WRITERS.items():
        monkeypatch.setitem(smaller._WRITERS, weights, functools.partial(unsort, write))
        with pytest.raises(UserError, match="topologically sorted"):
            onnx_model.write(functions, str(tmp_path), weights=weights)


def test_float16_that_is_far_from_float32_is_refused(tmp_path):
    """Half precision rounds biases near 1000 to multiples of a half."""
    latents = keras.Input((4,), name="latents")
    layers = [
        keras.layers.Dense(4, kernel_initializer="identity", bias_initializer=initializer)
        for initializer in map(keras.initializers.Constant, (1000.2, -1000.1))
    ]
    network = keras.Sequential([latents, *layers, keras.layers.Reshape((2, 2, 1))])
    function = Function(network, (Latents(4),), Images((2, 2, 1)), network)
    with pytest.raises(UserError, match="In float16 sample must differ from float32 by 0.0"):
        onnx_model.write([serve(function, max_batch=2)], str(tmp_path), weights="float16")


def test_an_unsupported_model_is_refused(tmp_path):
    """What ONNX has no operation for, and what tf2onnx would make an input of."""
    model = build("dcgan", (8, 8, 1))
    noise = keras.layers.Lambda(lambda x: x + tf.random.stateless_normal(tf.shape(x), (1, 2)))
    captured = tf.zeros((8, 8, 1))
    constant = keras.layers.Lambda(lambda x: x + captured)
    for layer in (noise, constant):
        latents = keras.Input((4,), name="latents")
        network = keras.Model(latents, layer(model.averaged_generator(latents)))
        functions = [served(model, network, max_batch=8)]
        with pytest.raises(UserError, match="ONNX cannot express .* sample: .* Export --"):
            onnx_model.write(functions, str(tmp_path))


def test_a_model_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_model, "_LARGEST", 100)
    model = build("dcgan", (8, 8, 1))
    functions = [served(model, max_batch=8)]
    with pytest.raises(UserError, match="An ONNX file holds at most 2 GB. Received: 0.0 GB"):
        onnx_model.write(functions, str(tmp_path))


def test_weights_that_cannot_be_made_smaller(tmp_path, monkeypatch):
    def fail(path, small, served, form):
        raise RuntimeError("no such tool\nand more")

    monkeypatch.setitem(smaller._WRITERS, "int8", fail)
    model = build("dcgan", (8, 8, 1))
    functions = [served(model, max_batch=8)]
    with pytest.raises(UserError, match="cannot bring sample to int8: no such tool Use --"):
        onnx_model.write(functions, str(tmp_path), weights="int8")


@pytest.mark.parametrize("file", ["saved_model/1", "onnx/1/generator.onnx"])
def test_openvino_reads_both(file, exported, example):
    openvino = pytest.importorskip("openvino", reason="pip install 'keras_gan[openvino]'")
    latents, images = example
    core = openvino.Core()
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(str(exported / file)), "CPU", exact)
    np.testing.assert_allclose(compiled({"latents": latents})["images"], images, atol=1e-5)
