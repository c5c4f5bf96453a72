"""ONNX models of a system's functions, for ONNX Runtime and other engines."""

import logging
import os

import tensorflow as tf

import keras_gan
from keras_gan.checks import check_choice
from keras_gan.errors import UserError, first_line
from keras_gan.serving import smaller
from keras_gan.serving.image_form import Form
from keras_gan.serving.metadata import stated
from keras_gan.serving.options import WEIGHTS

OPSET = 18
FILE = "generator.onnx"  # The main function's file, where it takes latents.
_LARGEST = 2**31 - 2**20  # bytes; a protocol buffer holds 2 GiB, its graph is small.


def file_of(served):
    """Returns the name of the file of a `ServedFunction`."""
    return FILE if served.is_main and served.function.latents else f"{served.name}.onnx"


def check_form(functions, layout, images, weights):
    """Raises `UserError` unless the files of functions can have this form; see `write`."""
    Form.of(functions, layout, images)
    check_choice("onnx_weights", weights, WEIGHTS)


def write(functions, directory, layout="nhwc", images="float32", weights="float32"):
    """Writes and checks an ONNX model of each function.

    Args:
        functions: `ServedFunction`s, the main one first.
        directory: Where to write.
        layout: One of `options.LAYOUTS`, the order of an image's axes.
        images: One of `options.IMAGES`: values in [-1, 1], or bytes.
        weights: One of `options.WEIGHTS`. What samples lose by smaller ones is
            measured, printed and kept in the metadata.

    Returns:
        (paths, metadata): the paths of the models within `directory`, the main function's as
        `onnx` and the others by their own names; and what is stated in all of them together.

    Raises:
        UserError: If ONNX cannot express a function, or its file does not answer what the
            model answers.
    """
    check_form([served.function for served in functions], layout, images, weights)
    form = Form(layout == "nchw", images == "uint8")
    paths, texts = {}, {}
    for served in functions:
        file = file_of(served)
        paths["onnx" if served.is_main else file] = file
        own = _write_one(served, os.path.join(directory, file), form, weights)
        texts |= {name: text for name, text in own.items() if name not in texts}
    return paths, texts


def _write_one(served, path, form, weights):
    """Writes the file of one function; returns its metadata."""
    import onnx

    size = sum(variable.numpy().nbytes for variable in served.network.variables)
    if size > _LARGEST:
        raise UserError(
            f"An ONNX file holds at most 2 GB. Received: {size / 1e9:.1f} GB of weights. "
            "Export --formats=saved_model only."
        )
    texts = stated([served], form)
    del texts["max_batch"]  # ONNX checks nothing.
    level = form.level(served.function.output)
    try:
        _save(_convert(served, form), texts, path)
        answer = _answers(served, path, form)
        served.check(answer, f"ONNX model {os.path.basename(path)}", level)
        if weights != "float32":
            small = smaller.shrink(path, weights, served, form)
            compared = _answers(served, small, form)
            texts |= {"weights": weights, **smaller.loss(served, weights, answer, compared)}
            _save(onnx.load(small), texts, small)
            smaller.report(path, small, texts)
            os.replace(small, path)
        _check_file(path)
    except (OSError, UserError):
        raise
    except Exception as error:  # Converter, checker and runtime each have kinds of their own.
        raise UserError(
            f"ONNX cannot express the function {served.name}: {first_line(error)} "
            "Export --formats=saved_model only."
        ) from error
    return texts


def _convert(served, form):
    import tf2onnx

    function = served.function
    result = output_name(function)

    def converted(*inputs):
        rows = map(form.read, function.inputs, inputs)
        (output,) = served.outputs(*rows).values()
        return {result: form.write(function.output, output)}

    specs = [form.spec(port) for port in function.inputs]
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    model, _ = tf2onnx.convert.from_function(
        tf.function(converted, input_signature=specs), input_signature=specs, opset=OPSET
    )
    for port, value in zip(function.inputs, model.graph.input, strict=False):
        _name_axes(value, form.axes(port))
    (value,) = model.graph.output
    # The sides of an output may be other than those of the input.
    axes = form.axes(function.output)
    _name_axes(value, {i: f"output_{name}" if i else name for i, name in axes.items()})
    return model


def output_name(function):
    """Returns the name of a function's output in its file, where all names differ."""
    name = function.output.name
    return f"output_{name}" if name in [port.name for port in function.inputs] else name


def _name_axes(value, axes):
    for axis, name in axes.items():
        value.type.tensor_type.shape.dim[axis].dim_param = name


def _answers(served, path, form):
    """Returns a function from inputs by name (see `example`) to the output, by ONNX Runtime."""
    session = _session(path)
    ports, output = served.function.inputs, served.function.output
    names, expected = [x.name for x in session.get_inputs()], [port.name for port in ports]
    if names != expected:  # tf2onnx turns what it cannot convert into further inputs.
        raise ValueError(f"Expected the inputs {expected}. Received: {names}.")

    def answer(rows):
        fed = {port.name: form.fed(port, rows[port.name]) for port in ports}
        (received,) = session.run([output_name(served.function)], fed)
        return form.received(output, received)

    return answer


def _check_file(path):
    """Raises an error unless ONNX' checker and ONNX Runtime accept a finished file."""
    import onnx

    onnx.checker.check_model(path, full_check=True)
    _session(path)


def _session(path):
    import onnxruntime

    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def _save(model, metadata, path):
    import onnx

    model.producer_name, model.producer_version = "keras_gan", keras_gan.__version__
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, path)
