"""The ONNX model of a generator, for ONNX Runtime and other engines."""

import logging
import os

import numpy as np
import tensorflow as tf

import keras_gan
from keras_gan.checks import check_choice
from keras_gan.errors import UserError, first_line
from keras_gan.serving import smaller
from keras_gan.serving.endpoints import to_bytes
from keras_gan.serving.generator import LEVEL, from_bytes
from keras_gan.serving.options import IMAGES, LAYOUTS, WEIGHTS

OPSET = 18
FILE = "generator.onnx"
_LARGEST = 2**31 - 2**20  # bytes; a protocol buffer holds 2 GiB, its graph is small.


def check_form(model, layout, images, weights):
    """Raises `UserError` unless a model's ONNX can have this form; see `write`."""
    check_choice("onnx_layout", layout, LAYOUTS)
    check_choice("onnx_images", images, IMAGES)
    check_choice("onnx_weights", weights, WEIGHTS)
    if len(model.image_shape) != 3 and (layout, images) != (LAYOUTS[0], IMAGES[0]):
        raise UserError(
            "--onnx_layout and --onnx_images are for images. Received: samples that are vectors "
            f"{model.image_shape}. Leave both flags out."
        )


def write(generator, directory, layout="nhwc", images="float32", weights="float32"):
    """Writes and checks an ONNX model.

    Args:
        generator: A `ServedGenerator`.
        directory: Where to write.
        layout: One of `options.LAYOUTS`, the order of an image's axes.
        images: One of `options.IMAGES`: values in [-1, 1], or bytes.
        weights: One of `options.WEIGHTS`. What images lose by smaller ones is
            measured, printed and kept in the metadata.

    Returns:
        (file, metadata): the path of the model within `directory`, and what is
        stated in it.

    Raises:
        UserError: If ONNX cannot express the generator, or the file does not
            answer what the model answers.
    """
    import onnx

    check_form(generator.model, layout, images, weights)
    size = sum(variable.numpy().nbytes for variable in generator.network.variables)
    if size > _LARGEST:
        raise UserError(
            f"An ONNX file holds at most 2 GB. Received: {size / 1e9:.1f} GB of weights. "
            "Export --formats=saved_model only."
        )
    nchw, as_bytes = layout == "nchw", images == "uint8"
    metadata = dict(generator.metadata)
    del metadata["max_batch"]  # ONNX checks nothing.
    if nchw:
        height, width, channels = generator.model.image_shape
        metadata |= {"layout": "NCHW", "shape": f"{channels}x{height}x{width}"}
    if as_bytes:
        metadata["value_range"] = "[0, 255]"
    path = os.path.join(directory, FILE)
    try:
        _save(_convert(generator, nchw, as_bytes), metadata, path)
        answer = _answers(generator, path, nchw, as_bytes)
    except OSError:
        raise
    except Exception as error:  # Converter, checker and runtime each have kinds of their own.
        raise UserError(
            f"ONNX cannot express this generator: {first_line(error)} "
            "Export --formats=saved_model only."
        ) from error
    generator.check(answer, "ONNX model", LEVEL if as_bytes else 0.0)
    if weights != "float32":
        small = smaller.shrink(path, weights, generator)
        compared = _answers(generator, small, nchw, as_bytes)
        metadata |= {"weights": weights, **smaller.loss(generator, answer, compared)}
        _save(onnx.load(small), metadata, small)
        smaller.report(path, small, metadata)
        os.replace(small, path)
    return FILE, metadata


def _convert(generator, nchw, as_bytes):
    import onnx
    import tf2onnx

    def function(*inputs):
        images = generator.images(*inputs)["images"]
        images = to_bytes(images) if as_bytes else images
        return {"images": tf.transpose(images, (0, 3, 1, 2)) if nchw else images}

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    model, _ = tf2onnx.convert.from_function(
        tf.function(function, input_signature=generator.specs),
        input_signature=generator.specs,
        opset=OPSET,
    )
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.checker.check_model(model, full_check=True)
    return model


def _answers(generator, path, nchw, as_bytes):
    """Returns a function from inputs by name to images [N, *image_shape], by ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    expected = [spec.name for spec in generator.specs]
    if names != expected:  # tf2onnx turns what it cannot convert into further inputs.
        raise ValueError(f"Expected the inputs {expected}. Received: {names}.")

    def answer(rows):
        (images,) = session.run(["images"], {name: rows[name] for name in names})
        images = np.moveaxis(images, 1, -1) if nchw else images
        return from_bytes(images) if as_bytes else images

    return answer


def _save(model, metadata, path):
    import onnx

    model.producer_name, model.producer_version = "keras_gan", keras_gan.__version__
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, path)
