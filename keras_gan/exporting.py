"""From a run to files that serve its generator: a SavedModel and an ONNX model."""

import contextlib
import json
import logging
import os

import keras
import numpy as np
import tensorflow as tf

import keras_gan
from keras_gan import files
from keras_gan.errors import UserError
from keras_gan.run_directory import load_run

FORMATS = ("saved_model", "onnx")
TOLERANCE = 1e-5
_OPSET = 18
_CHECKED_BATCHES = (1, 2, 7)


def export(run_dir, export_dir=None, formats=FORMATS):
    """Exports the averaged generator of a run's newest checkpoint.

    Both formats take `latents` float32 [N, latent_dim] and return `images`
    float32 [N, *shape], for any N, in inference mode. Each is checked against
    Keras at batches of 1, 2 and 7 before it appears.

    Args:
        run_dir: The run directory.
        export_dir: Where to write. Default: `export` in the run directory.
        formats: Which of `FORMATS` to write.

    Returns:
        Paths by format: a SavedModel directory, an ONNX file.

    Raises:
        UserError: If there is nothing to export, the directory cannot be
            written, or a written file does not answer what Keras answers.
            Nothing is left half-written.
    """
    formats = (formats,) if isinstance(formats, str) else tuple(formats)
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise UserError(
            f"--formats must be one or more of {', '.join(FORMATS)}, separated by commas. "
            f"Received: {', '.join(formats) or 'nothing'}."
        )
    model, record = load_run(run_dir)
    export_dir = export_dir or os.path.join(run_dir, "export")
    writers = {"saved_model": write_saved_model, "onnx": write_onnx}
    metadata = _metadata(model, record)
    try:
        version = next_version(export_dir)
        with contextlib.ExitStack() as finished:
            paths = {}
            for name in formats:
                files.sweep(os.path.join(export_dir, name), seconds=3600)
                path = os.path.join(export_dir, name, version)
                temporary = finished.enter_context(files.new_directory(path))
                file = writers[name](model, temporary, metadata)
                paths[name] = os.path.normpath(os.path.join(path, file))
    except OSError as error:
        raise UserError(f"Cannot export to {export_dir}: {error}.") from None
    return paths


def next_version(export_dir):
    """Returns one more than the largest version in any format, as text."""
    present = [0]
    for name in FORMATS:
        with contextlib.suppress(FileNotFoundError):
            entries = os.listdir(os.path.join(export_dir, name))
            present += [int(entry) for entry in entries if entry.isdecimal()]
    return str(max(present) + 1)


def _metadata(model, record):
    is_image = len(model.image_shape) == 3
    return {
        "keras_gan": keras_gan.__version__,
        "model": record["config"].model,
        "dataset": record["config"].dataset,
        "step": str(model.step.numpy()),
        "latent_dim": str(model.latent_dim),
        "latent_prior": {"normal": "N(0, I)", "uniform": "U(-1, 1)"}[model.latent_prior],
        "value_range": "[-1, 1]" if is_image else "unbounded",
        "shape": "x".join(map(str, model.image_shape)),
    }


def _serving_function(model):
    generator = model.averaged_generator
    return lambda latents: {"images": generator(latents, training=False)}


def _signature(model):
    return [tf.TensorSpec((None, model.latent_dim), tf.float32, name="latents")]


def write_saved_model(model, directory, metadata):
    """Writes and checks a SavedModel; returns its path within `directory`."""
    # tf.saved_model.save would leave out variables that only this process can see.
    archive = keras.export.ExportArchive()
    archive.track(model.averaged_generator)
    archive.add_endpoint("serving_default", _serving_function(model), _signature(model))
    with files.written_by_tensorflow():
        archive.write_out(directory, verbose=False)
    extra = os.path.join(directory, "assets.extra")
    os.makedirs(extra)
    with open(os.path.join(extra, "metadata.json"), "w", encoding="utf-8") as file:
        json.dump(metadata, file, indent=2)

    # A session of its own shares nothing with this process, as in TF Serving's loader.
    graph = tf.Graph()
    without_gpu = tf.compat.v1.ConfigProto(device_count={"GPU": 0})
    with contextlib.closing(tf.compat.v1.Session(graph=graph, config=without_gpu)) as session:
        with graph.as_default():
            loaded = tf.compat.v1.saved_model.loader.load(session, ["serve"], directory)
        signature = loaded.signature_def["serving_default"]
        images = signature.outputs["images"].name
        latents = signature.inputs["latents"].name
        check_parity(model, lambda z: session.run(images, {latents: z}), "SavedModel")
    return "."


def write_onnx(model, directory, metadata):
    """Writes and checks an ONNX model; returns its path within `directory`."""
    import onnx
    import onnxruntime
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    converted, _ = tf2onnx.convert.from_function(
        tf.function(_serving_function(model), input_signature=_signature(model)),
        input_signature=_signature(model),
        opset=_OPSET,
    )
    for value in (*converted.graph.input, *converted.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    converted.producer_name = "keras_gan"
    converted.producer_version = keras_gan.__version__
    onnx.helper.set_model_props(converted, metadata)
    onnx.checker.check_model(converted, full_check=True)
    path = os.path.join(directory, "generator.onnx")
    onnx.save(converted, path)

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    if names != ["latents"]:  # tf2onnx turns what it cannot convert into further inputs.
        raise UserError(
            f"ONNX cannot express this generator: expected the input latents. Received: {names}. "
            "Export --formats=saved_model only."
        )
    check_parity(model, lambda z: session.run(["images"], {"latents": z})[0], "ONNX model")
    return "generator.onnx"


def check_parity(model, answer, what):
    """Raises `UserError` unless `answer(latents)` gives what Keras gives.

    Args:
        model: The `AdversarialModel`.
        answer: Function from latents to images, both float32 arrays.
        what: Name of what is checked, for the message.
    """
    for batch in _CHECKED_BATCHES:
        (latents,) = model.seeded_latents([(seed, batch) for seed in range(batch)])
        with tf.device("CPU:0"):  # A GPU may round its products to fewer bits.
            expected = np.asarray(model(latents))
        received = answer(latents.numpy())
        difference = (
            np.max(np.abs(received - expected)) if received.shape == expected.shape else np.inf
        )
        allowed = TOLERANCE * max(1.0, np.max(np.abs(expected)))
        if not difference <= allowed:
            raise UserError(
                f"The {what} does not answer what Keras answers: at batch {batch} the largest "
                f"difference is {difference:.2g}, allowed is {allowed:.2g}. It was not exported."
            )
