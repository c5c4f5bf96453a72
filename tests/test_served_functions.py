"""Exports of systems whose functions are not from latents to images, whole and in parts."""

import json
import pathlib
import re
import runpy
import sys

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf

from keras_gan import models
from keras_gan.commands import exporting
from keras_gan.drawing import pictures
from keras_gan.errors import UserError
from keras_gan.runs.config import Config
from keras_gan.serving import comparing, onnx_model, saved_model
from keras_gan.serving.stand_in.batching import Limits
from keras_gan.serving.stand_in.model import Model
from tests.serving_toys import serve, served, translation
from tests.stand_in.asking import ROOT, predict, rest_server
from tests.test_batching import concurrently
from tests.test_endpoints import refused
from tests.test_native_loaders import fuzz


def exported(name, place, *grids, **arguments):
    """Exports the tiny instance of a system as if it were a run of these grids."""
    keras.utils.set_random_seed(0)
    system = models.get(name)
    model = system(**{**system.tiny_data(), **system.tiny, **arguments})
    record = {"config": Config(model=name), "class_names": None, "num_examples": 10}
    (place / "samples").mkdir()
    for step, picture in grids:
        (place / "samples" / f"step_{step:08d}.png").write_bytes(picture)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "load_run", lambda *_: (model, record))
        return model, exporting.export(str(place), max_batch=8)


GRID = pictures.png(np.zeros((3, 4, 1), np.uint8))


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    shapes = {"image_shape": (8, 8, 3), "target_shape": (8, 8, 1)}
    return exported("cyclegan", place, (4, b"older"), (10, GRID), **shapes)


@pytest.fixture(scope="module")
def translate(translator):
    with saved_model.session(translator[1]["saved_model"]) as run:
        yield run


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    return exported("seqgan", tmp_path_factory.mktemp("writer"), vocabulary=("a", "|", "c"))


def images(count=2, height=8, width=8, channels=3):
    draws = np.random.default_rng(0).uniform(-1, 1, (count, height, width, channels))
    return draws.astype("float32")


@pytest.mark.soak
def test_litert_converts_images_of_any_size(translator):
    """Its convolutions need the number of channels, which some operations lose."""
    _, paths = translator
    converter = tf.lite.TFLiteConverter.from_saved_model(
        paths["saved_model"], signature_keys=["serving_default"]
    )
    assert converter.convert()


def test_an_export_holds_all_functions(translator, capsys):
    _, paths = translator
    place = paths["onnx"].removesuffix("a_to_b.onnx")
    assert paths["b_to_a.onnx"] == f"{place}b_to_a.onnx"
    exporting.report(paths)
    assert f"b_to_a.onnx  {place}b_to_a.onnx" in capsys.readouterr().out.splitlines()
    loaded = tf.saved_model.load(paths["saved_model"])
    assert list(loaded.signatures) == [
        "serving_default", "a_to_b", "png", "a_to_b_png", "b_to_a", "b_to_a_png",
    ]  # fmt: skip
    assert loaded.signatures["b_to_a"].inputs[0].shape.as_list() == [None, None, None, 1]
    # Each network once.
    written = tf.train.list_variables(f"{paths['saved_model']}/variables/variables")
    weights = sum(len(average.weights) for average in translator[0].averages)
    assert len(written) == weights + 1  # And TensorFlow's description of the names.


@pytest.mark.parametrize("size", [(8, 8), (9, 21), (40, 13)])
def test_images_of_any_size(size, translator, translate):
    model, paths = translator
    given = images(2, *size)
    expected = model.function("a_to_b").run({"images": given})
    for name in ("serving_default", "a_to_b"):
        received = translate(name, {"images": given})["images"]
        np.testing.assert_allclose(received, expected, atol=1e-5)
    png = translate("a_to_b_png", {"images": given})["image_bytes"][1]
    difference = pictures.to_bytes(expected[1]).astype(int) - tf.io.decode_png(png)
    assert np.abs(difference).max() <= 1
    session = onnxruntime.InferenceSession(paths["onnx"])
    (received,) = session.run(["output_images"], {"images": given})
    np.testing.assert_allclose(received, expected, atol=1e-5)
    back = translate("b_to_a", {"images": expected})["images"]
    (received,) = onnxruntime.InferenceSession(paths["b_to_a.onnx"]).run(None, {"images": expected})
    np.testing.assert_allclose(received, back, atol=1e-5)


def test_requests_that_no_translator_can_answer(translate):
    for name in ("serving_default", "a_to_b_png", "b_to_a"):
        channels = 1 if name == "b_to_a" else 3
        most = images(9, channels=channels)
        assert "Expected at most 8 rows" in refused(translate, name, images=most)
        for height, width in ((0, 8), (8, 0), (0, 0)):
            bare = images(1, height, width, channels)
            assert "Expected images with pixels" in refused(translate, name, images=bare)
        for side in (1, 2):  # The network cannot mirror so few.
            refused(translate, name, images=images(2, side, side, channels))
        most[3, 2, 1] = np.nan
        assert "Expected finite numbers" in refused(translate, name, images=most[:4])
        none = translate(name, {"images": images(0, channels=channels)})
        assert all(len(output) == 0 for output in none.values())


@pytest.mark.parametrize("count", [300, pytest.param(5000, marks=pytest.mark.soak)])
def test_random_requests_to_a_translator(translator, count):
    assert count / 5 < fuzz(translator[1]["saved_model"], count, 8) < count * 2 / 3


def test_axes_and_metadata_of_files(translator):
    for key, taken, made in (("onnx", 3, 1), ("b_to_a.onnx", 1, 3)):
        file = onnx.load(translator[1][key])
        (given,), (answered,) = (
            [[d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in values]
            for values in (file.graph.input, file.graph.output)
        )
        assert given == ["batch", "height", "width", taken]
        assert answered == ["batch", "output_height", "output_width", made]
        stated = {item.key: item.value for item in file.metadata_props}
        name = "a_to_b" if key == "onnx" else "b_to_a"
        line = "images [N, height, width, {}], [-1, 1]"
        assert stated[f"function {name}"] == f"{line.format(taken)} -> {line.format(made)}"
        assert stated["layout"] == "NHWC" and not {"latent_dim", "max_batch", "shape"} & set(stated)
    path = pathlib.Path(translator[1]["saved_model"], "assets.extra", "metadata.json")
    stated = json.loads(path.read_text())
    assert {"function a_to_b", "function b_to_a"} <= set(stated) and stated["max_batch"] == "8"


def test_card_of_a_translator(translator):
    path = translator[1]["saved_model"]
    card = pathlib.Path(f"{path}/model_card.md").read_text()
    assert pathlib.Path(f"{path}/samples.png").read_bytes() == GRID
    assert "*The grid that training drew at step 10.*" in card
    assert 'pipeline_tag: "image-to-image"' in card and "from random" not in card
    assert "| weights of a_to_b | " in card and "| weights of b_to_a | " in card


def test_requests_of_several_sizes_are_not_merged(translator, monkeypatch):
    _, paths = translator
    for key in ("serve", "compose"):
        assert "batching" not in pathlib.Path(paths[key]).read_text()
    # The versions are loaded at once, and take their limits then.
    monkeypatch.setattr(Limits, "from_file", lambda path: Limits(8, 1.0))
    model = Model(paths["serve"].removesuffix("/serve.sh"), "cyclegan", batching=True)
    sent = [{"inputs": images(1, side, 8).tolist()} for side in (8, 8, 12)]
    with rest_server(model) as server:
        ask = lambda body: predict(server, body, name="cyclegan")  # noqa: E731
        assert [status for status, _ in concurrently(ask, sent[:2])] == [200, 200]
        answers = concurrently(ask, sent)
    assert any("Cannot merge requests: expected images of one" in str(told) for _, told in answers)


def test_client_of_a_translator(translator, translate, tmp_path, monkeypatch, capsys):
    photo, made = tmp_path / "photo.png", tmp_path / "made.png"
    pixels = pictures.to_bytes(images(1, 9, 14)[0])
    photo.write_bytes(pictures.png(pixels))
    given = pixels[np.newaxis].astype("float32") / 127.5 - 1.0
    with rest_server(Model(translator[1]["serve"].removesuffix("/serve.sh"), "cyclegan")) as server:
        url = f"--url=http://127.0.0.1:{server.server_port}"
        command = ["client_translate.py", url, str(photo), f"--output={made}"]
        monkeypatch.setattr(sys, "argv", command)
        runpy.run_path(str(ROOT / "examples" / "client_translate.py"))
        assert capsys.readouterr().out == f"{made}\n"
        (expected,) = translate("a_to_b_png", {"images": given})["image_bytes"]
        expected, received = tf.io.decode_png(expected), tf.io.decode_png(made.read_bytes())
        assert np.abs(expected.numpy().astype(int) - received).max() <= 1
        monkeypatch.setattr(sys, "argv", [*command, "--function=b_to_b"])
        with pytest.raises(SystemExit, match="error: .* 'b_to_b_png'"):
            runpy.run_path(str(ROOT / "examples" / "client_translate.py"))


def test_tokens_of_seeds_and_latents(writer):
    model, paths = writer
    expected = model.sample_seeds([(seed, 0) for seed in range(5)])
    latents = np.asarray(model.function().latents.drawn([(seed, 0) for seed in range(5)]))
    with saved_model.session(paths["saved_model"]) as run:
        received = run("from_seeds", {"seeds": np.arange(5)})["tokens"]
        assert received.dtype == np.int32 and np.array_equal(received, expected)
        assert np.array_equal(run("serving_default", {"latents": latents})["tokens"], expected)
        assert run("from_seeds", {"seeds": np.zeros(0, int)})["tokens"].shape == (0, 4)
    assert paths["onnx"].endswith("generator.onnx")
    (received,) = onnxruntime.InferenceSession(paths["onnx"]).run(["tokens"], {"latents": latents})
    assert np.array_equal(received, expected)
    stated = {item.key: item.value for item in onnx.load(paths["onnx"]).metadata_props}
    assert json.loads(stated["vocabulary"]) == ["a", "|", "c"] and stated["length"] == "4"
    card = pathlib.Path(f"{paths['saved_model']}/model_card.md").read_text()
    (first, *_) = model.function().output.text(expected)
    assert f"\n- {first.replace('|', chr(92) + '|')}\n" in card and "samples.png" not in card
    assert "random latents" not in card and "images" not in card
    with rest_server(Model(paths["serve"].removesuffix("/serve.sh"), "writer")) as server:
        body = {"signature_name": "from_seeds", "instances": [0, 1, 2, 3, 4]}
        assert predict(server, body, name="writer")[1]["predictions"] == expected.tolist()


@pytest.mark.parametrize(
    ("name", "returned"), [("gan", r"images \(2,\)"), ("seqgan", r"tokens \(4,\)")]
)
def test_flags_of_images_are_for_images(name, returned, tmp_path):
    system = models.get(name)
    arguments = {"image_shape": (2,)} if name == "gan" else system.tiny_data()
    model = system(**arguments, **system.tiny)
    for flag in ({"onnx_layout": "nchw"}, {"onnx_images": "uint8"}):
        message = f"are for images. Received: functions that return {returned}. Leave"
        with pytest.raises(UserError, match=message):
            exporting.export(model, str(tmp_path), **flag)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("layout", "kind"), [("nchw", "uint8"), ("nhwc", "uint8")])
def test_form_of_images_that_are_taken_and_given(layout, kind, tmp_path):
    function = translation()
    _, stated = onnx_model.write([serve(function, "a_to_b")], str(tmp_path), layout, kind, "int8")
    pixels = pictures.to_bytes(images(3, 17, 20))
    expected = function.run({"images": pixels.astype("float32") / 127.5 - 1.0})
    if layout == "nchw":
        pixels = np.moveaxis(pixels, -1, 1)
    session = onnxruntime.InferenceSession(str(tmp_path / "a_to_b.onnx"))
    received = session.run(None, {"images": pixels})[0]
    received = np.moveaxis(received, 1, -1) if layout == "nchw" else received
    assert received.dtype == np.uint8
    difference = received.astype(int) - pictures.to_bytes(expected)
    assert np.abs(difference).mean() < 3  # By the weights of int8.
    shape = "[N, 3, height, width]" if layout == "nchw" else "[N, height, width, 3]"
    assert f"images {shape}, [0, 255] -> images" in stated["function a_to_b"]


def test_sizes_stay_exact_in_half_precision(translator, tmp_path):
    """The converter makes floats of some sizes, and of a billion infinity in float16."""
    model, _ = translator
    onnx_model.write([served(model)], str(tmp_path), weights="float16")
    given = images(64, 9, 14)
    received = onnxruntime.InferenceSession(str(tmp_path / "a_to_b.onnx")).run(
        None, {"images": given}
    )[0]
    np.testing.assert_allclose(received, model.function().run({"images": given}), atol=0.02)


def test_an_engine_that_refuses_the_graph_is_a_user_error(tmp_path, monkeypatch):
    def refuse(path, **_):
        raise RuntimeError("[ONNXRuntimeError] : 10 : INVALID_GRAPH : No operation StridedSliceX")

    monkeypatch.setattr(onnxruntime, "InferenceSession", refuse)
    with pytest.raises(UserError, match="cannot express the function a_to_b: .*INVALID_GRAPH"):
        onnx_model.write([serve(translation(), "a_to_b")], str(tmp_path))


def test_other_tokens_are_refused_and_ties_are_not():
    """A latent at the end of an interval gives two right answers; others are wrong."""
    model = models.get("seqgan")(**models.get("seqgan").tiny_data(), **models.get("seqgan").tiny)
    function = model.function()
    low, high = -1.0, 1.0  # Between them the second token changes.
    rows = function.rows([(0, 0), (1, 0)])
    run = lambda z: function.run({"latents": _with(rows["latents"], z)})  # noqa: E731
    first, last = run(low)[0, 1], run(0.999)[0, 1]
    assert first != last
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if run(middle)[0, 1] == first else (low, middle)
    rows["latents"], expected, received = _with(rows["latents"], low), run(low), run(high)
    assert expected[0, 1] != received[0, 1]
    assert comparing.fault_of_tokens(received, expected, function, rows) is None
    wrong = expected.copy()
    wrong[1, 2] = (wrong[1, 2] + 1) % 3
    fault = comparing.fault_of_tokens(wrong, expected, function, rows)
    assert re.fullmatch(r"token 2 of row 1 is \d, not \d", fault)
    with pytest.raises(UserError, match="file does not answer .* batch 1 token 0 of row 0 is"):
        served(model).check(lambda rows: (function.run(rows) + 1) % 3, "file")


def _with(latents, value):
    changed = latents.copy()
    changed[0, 1] = value
    return changed


def test_deep_networks_may_round_as_keras_does():
    fault = comparing.fault_of_values
    exact, near = np.ones(3), np.ones(3) + 3e-5
    assert fault(near, exact, 0.0, lambda: 1.2e-5) is None
    assert "is 3e-05, allowed is 1e-05" in fault(near, exact, 0.0, lambda: 0.0)
    model = models.get("cyclegan")((8, 8, 1), **models.get("cyclegan").tiny)
    rows, expected = served(model).example(1)
    assert 0.0 < comparing.rounding(model.function(), rows, expected) < 1e-5
