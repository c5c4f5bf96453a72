"""What the signatures of an exported SavedModel answer and refuse, through a session."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import models
from keras_gan.commands import generate
from keras_gan.drawing import pictures
from keras_gan.errors import UserError
from keras_gan.game.functions import Function
from keras_gan.game.ports import Condition, Images, Latents
from keras_gan.runs.directory import load_run
from keras_gan.serving import saved_model, warmup
from keras_gan.serving.endpoints import Endpoints
from keras_gan.serving.function import ServedFunction
from keras_gan.serving.inference import inference_network
from tests.serving_toys import served

MOST = 2**63 - 1


@pytest.fixture(scope="module")
def run(exported):
    with saved_model.session(str(exported / "saved_model" / "1")) as run:
        yield run


def refused(run, name, **inputs):
    """Returns what the graph says to a request that it must refuse."""
    with pytest.raises(tf.errors.InvalidArgumentError) as refusal:
        run(name, {key: np.asarray(value) for key, value in inputs.items()})
    return str(refusal.value)


def test_seeds_give_the_images_of_generate(run, finished, tmp_path):
    output = tmp_path / "images.npy"
    generate.main(["generate", f"--run_dir={finished}", "--seeds=3,-7,5", f"--output={output}"])
    images = run("from_seeds", {"seeds": np.array([3, -7, 5])})["images"]
    np.testing.assert_allclose(images, np.load(output), atol=1e-6)


def test_an_image_does_not_depend_on_the_batch_around_it(run, finished):
    seeds = np.array([MOST, -MOST - 1, 0, *range(100, 140)])
    together = run("from_seeds", {"seeds": seeds})["images"]
    for i in (0, 1, 2, 40):
        alone = run("from_seeds", {"seeds": seeds[i : i + 1]})["images"]
        np.testing.assert_allclose(alone[0], together[i], atol=1e-6)
    model, _ = load_run(str(finished))
    pairs = [(seed, 0) for seed in seeds]
    together = model.seeded_latents(pairs)
    alone = [model.seeded_latents([pair]) for pair in pairs]
    assert np.array_equal(np.concatenate(alone), together)  # To the last bit.


@pytest.mark.parametrize("shape", [(8, 8, 1), (2,)])
def test_images_of_wide_layers_do_not_depend_on_the_batch(shape, tmp_path):
    """The order of a product's sums depends on the number of rows; in wide layers it shows."""
    model = models.get("gan")(shape)
    # Larger weights than at the start of training, so that values are of the order of 1.
    model.averaged_generator.set_weights([2.0 * w for w in model.generator.get_weights()])
    network = inference_network(model.averaged_generator, independent_rows=True)
    saved_model.write([served(model, network, max_batch=256)], str(tmp_path))
    with saved_model.session(str(tmp_path)) as run:
        together = run("from_seeds", {"seeds": np.arange(256)})["images"]
        alone = [run("from_seeds", {"seeds": np.array([i])})["images"] for i in range(256)]
    largest = np.abs(together).max()
    assert largest > 0.5
    np.testing.assert_allclose(
        np.concatenate(alone), together, rtol=0, atol=1e-6 * max(1.0, largest)
    )


def test_latents_of_seeds_are_seeds(run, finished):
    model, _ = load_run(str(finished))
    latents = model.seeded_latents([(seed, 0) for seed in range(5)])
    by_latents = run("serving_default", {"latents": latents})["images"]
    by_seeds = run("from_seeds", {"seeds": np.arange(5)})["images"]
    assert by_latents.shape == (5, 8, 8, 1) and by_latents.dtype == np.float32
    np.testing.assert_allclose(by_latents, by_seeds, atol=1e-6)


def test_png_files_hold_the_images(run):
    images = run("from_seeds", {"seeds": np.arange(4)})["images"]
    for file, image in zip(
        run("from_seeds_png", {"seeds": np.arange(4)})["image_bytes"], images, strict=True
    ):
        decoded = tf.io.decode_png(file).numpy().astype(int)
        assert np.abs(decoded - pictures.to_bytes(image)).max() <= 1  # A half may go either way.
    latents = np.zeros((2, 4), "float32")
    assert len(run("png", {"latents": latents})["image_bytes"]) == 2


def test_no_rows_give_no_images(run):
    assert run("from_seeds", {"seeds": np.zeros(0, int)})["images"].shape == (0, 8, 8, 1)
    latents = np.zeros((0, 4), "float32")
    assert run("serving_default", {"latents": latents})["images"].shape == (0, 8, 8, 1)
    assert run("png", {"latents": latents})["image_bytes"].shape == (0,)


def test_the_most_rows_are_served_and_one_more_is_refused(run):
    assert len(run("from_seeds", {"seeds": np.arange(256)})["images"]) == 256
    for name in ("from_seeds", "from_seeds_png"):
        message = refused(run, name, seeds=np.arange(257))
        assert "Expected at most 256 rows. Received:] [257]" in message
    assert "at most 256 rows" in refused(run, "png", latents=np.zeros((10**6, 4), "float32"))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_latents_that_are_not_finite_are_refused(run, bad):
    latents = np.zeros((3, 4), "float32")
    latents[1, 2] = bad
    assert "Expected finite numbers" in refused(run, "serving_default", latents=latents)


def test_serving_leaves_the_moving_statistics_alone(exported, finished):
    model, _ = load_run(str(finished))
    before = model.averaged_generator.get_weights()
    loaded = tf.saved_model.load(str(exported / "saved_model" / "1"))
    serve = loaded.signatures["serving_default"]
    variables = [variable.numpy() for variable in serve.variables]
    serve(latents=tf.ones((4, 4)))
    assert variables
    for variable, value in zip(serve.variables, variables, strict=True):
        assert np.array_equal(variable.numpy(), value)
    for value, now in zip(before, model.averaged_generator.get_weights(), strict=True):
        assert np.array_equal(value, now)


def test_warmup_requests_are_answered(exported):
    """Each record, read by the server's own messages, is a request that its signature takes."""
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    path = exported / "saved_model" / "1"
    seen = []
    with saved_model.session(str(path)) as run:
        for record in tf.data.TFRecordDataset(str(path / warmup.FILE)):
            log = logs.PredictionLog.FromString(record.numpy())
            assert log.WhichOneof("log_type") == "predict_log"
            request = log.predict_log.request
            log.DiscardUnknownFields()
            assert log.ByteSize() == len(record.numpy())  # There were none.
            assert request.model_spec.name == "dcgan"
            inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
            for output in run(request.model_spec.signature_name, inputs).values():
                assert len(output) == 1
            seen.append(request.model_spec.signature_name)
    assert seen == ["serving_default", "from_seeds", "png", "from_seeds_png"]


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Stands for a conditional system: 3 classes, and codes of two numbers."""
    ports = (
        Latents(4),
        Condition("labels", "int64", count=3),
        Condition("codes", "float32", (2,)),
    )
    inputs = {p.name: keras.Input(p.shape, dtype=p.dtype, name=p.name) for p in ports}
    classes = keras.layers.Embedding(3, 2)(inputs["labels"])
    x = keras.layers.Concatenate()([inputs["latents"], inputs["codes"], classes])
    x = keras.layers.Reshape((2, 4, 1))(keras.layers.Dense(8, "tanh")(x))
    network = keras.Model(inputs, x)
    function = Function(network, ports, Images((2, 4, 1)), network)
    directory = tmp_path_factory.mktemp("labelled")
    served = ServedFunction(function, "sample", network, "labelled", 16, {})
    saved_model.write([served], str(directory))
    with saved_model.session(str(directory)) as run:
        yield served, run, str(directory)


def test_conditions_are_inputs_of_every_signature(labelled):
    served, run, _ = labelled
    inputs, images = served.example(5)
    codes, labels = np.ones((5, 2), "float32"), np.array([2, 1, 0, 1, 2])
    rest = {"labels": labels, "codes": codes}
    by_latents = run("serving_default", {"latents": inputs["latents"], **rest})["images"]
    by_seeds = run("from_seeds", {"seeds": inputs["seeds"], **rest})["images"]
    expected = served.network({"latents": inputs["latents"], **rest}).numpy()
    np.testing.assert_allclose(by_latents, expected, atol=1e-6)
    np.testing.assert_allclose(by_seeds, expected, atol=1e-6)
    assert np.abs(expected - images).max() > 1e-3  # The conditions matter.
    assert len(run("from_seeds_png", {"seeds": inputs["seeds"], **rest})["image_bytes"]) == 5


def test_conditions_are_checked(labelled):
    _, run, _ = labelled
    good = {"seeds": np.arange(2), "labels": np.array([0, 2]), "codes": np.zeros((2, 2), "float32")}
    assert len(run("from_seeds", good)["images"]) == 2
    for labels in ([0, 3], [-1, 0], [MOST, 0]):
        message = refused(run, "from_seeds", **{**good, "labels": labels})
        assert "Expected labels from 0 to 2. Received:" in message
    message = refused(run, "from_seeds", **{**good, "labels": [1]})
    assert "Expected as many labels as other rows. Received:] [1]" in message
    codes = np.full((2, 2), np.nan, "float32")
    assert "finite" in refused(run, "from_seeds_png", **{**good, "codes": codes})


@pytest.mark.parametrize("endpoint", ["serving_default", "from_seeds", "from_seeds_png"])
def test_keras_layers_take_conditions_by_name(labelled, endpoint):
    served, _, directory = labelled
    rows, images = served.example(3)
    layer = keras.layers.TFSMLayer(directory, call_endpoint=endpoint)
    first = rows["latents" if endpoint == "serving_default" else "seeds"]
    (answer,) = layer(first, labels=rows["labels"], codes=rows["codes"]).values()
    if endpoint.endswith("png"):
        answer = np.stack([tf.io.decode_png(file) for file in answer.numpy()]) / 127.5 - 1.0
    np.testing.assert_allclose(answer, images, atol=0.01 if endpoint.endswith("png") else 1e-6)


def test_samples_take_conditions_or_draw_them(labelled):
    function = labelled[0].function
    pairs = [(7, i) for i in range(300)]
    drawn = function.rows(pairs)
    assert drawn["labels"].shape == (300,) and drawn["codes"].shape == (300, 2)
    assert (np.bincount(drawn["labels"], minlength=3) > 70).all()
    assert abs(drawn["codes"].mean()) < 0.1 and 0.9 < abs(drawn["codes"]).max() <= 1.0
    assert abs(np.corrcoef(drawn["labels"], drawn["codes"][:, 0])[0, 1]) < 0.2
    whole = function.sample(pairs[:70])
    np.testing.assert_allclose(function.sample(pairs[:3]), whole[:3], atol=1e-6)
    own = {name: drawn[name][:70] for name in ("labels", "codes")}
    np.testing.assert_allclose(function.sample(pairs[:70], **own), whole, atol=1e-6)
    other = function.sample(pairs[:70], labels=(own["labels"] + 1) % 3, codes=own["codes"])
    assert np.abs(other - whole).reshape(70, -1).max(axis=1).min() > 1e-4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"labels": [0, 3]}, r"labels of shape \(2,\), whole numbers 0 to 2. Received: .*0 3"),
        ({"labels": [0]}, r"Received: shape \(1,\)"),
        ({"labels": [0.0, 1.0]}, "whole numbers 0 to 2"),
        ({"codes": np.full((2, 2), np.nan)}, r"codes of shape \(2, 2\), finite numbers"),
        ({"colours": [1, 2]}, "among codes, labels, latents: .* takes no colours. Received: "),
    ],
)
def test_conditions_that_do_not_fit_are_refused(labelled, given, message):
    with pytest.raises(UserError, match=message):
        labelled[0].function.sample([(0, 0), (0, 1)], **given)


def test_systems_without_images_have_no_png():
    model = models.get("gan")((2,), **models.get("gan").tiny)
    assert list(Endpoints(served(model)).signatures()) == ["serving_default", "from_seeds"]
