"""ONNX models with float16 or int8 weights, and how much their samples change."""

import contextlib
import logging
import math
import os

import numpy as np

from keras_gan.errors import UserError, first_line
from keras_gan.game.ports import Tokens

# float16 may differ from float32 by these shares of the largest value: on average, at most.
FLOAT16_TOLERANCE = 0.01, 0.1
_CALIBRATION, _MEASURED = 64, 64  # Number of rows; the two sets have different seeds.
_FEW = 16  # Numbers in a constant that sizes are calculated with.


def shrink(path, weights, served, form):
    """Writes a model with smaller weights beside the original.

    float16 computes in half precision where the engine supports it; inputs and outputs
    stay float32. int8 quantizes the weights of dense layers and convolutions, with a
    scale per channel, and the values between layers, with ranges from 64 samples.

    Args:
        path: The ONNX file.
        weights: `"float16"` or `"int8"`.
        served: A `ServedFunction`.
        form: The `Form` of images in the file.

    Returns:
        The path of the new file.

    Raises:
        UserError: If ONNX Runtime's tools fail.
    """
    small = f"{path}.{weights}"
    try:
        with _quiet():
            _WRITERS[weights](path, small, served, form)
    except OSError:
        raise
    except Exception as error:  # The tools raise errors of any type.
        raise UserError(
            f"ONNX Runtime cannot bring {served.name} to {weights}: {first_line(error)} Use "
            "--onnx_weights=float32."
        ) from error
    return small


def _to_float16(path, small, served, form):
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    del served, form
    model = onnx.load(path)
    kept = _counting(model)
    made = convert_float_to_float16(model, keep_io_types=True, node_block_list=kept)
    casts = [node for node in made.graph.node if node.op_type == "Cast"]
    half = {n.output[0]: n.input[0] for n in casts if n.attribute[0].i == onnx.TensorProto.FLOAT16}
    for node in casts:  # Between two of the nodes that are kept a size is not to become float16.
        if node.attribute[0].i == onnx.TensorProto.FLOAT and node.input[0] in half:
            node.input[0] = half[node.input[0]]
    OnnxModel(made).topological_sort()  # The casts stand at the end, which ONNX forbids.
    onnx.save(made, small)


def _counting(model):
    """Returns the names of nodes that calculate with sizes, which float16 does not hold exactly.

    tf2onnx turns some arithmetic of integers into that of floats. These are the casts of integers
    to float32, and the nodes that see nothing but their results and constants.
    """
    import onnx

    inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
    types = {value.name: value.type.tensor_type.elem_type for value in inferred}
    whole = onnx.TensorProto.INT32, onnx.TensorProto.INT64
    # Larger ones are weights.
    constants = {x.name for x in model.graph.initializer if math.prod(x.dims) <= _FEW}
    sizes, names = set(), []
    for node in model.graph.node:
        if node.op_type == "Constant":
            constants |= set(node.output)
        is_cast = node.op_type == "Cast" and types.get(node.input[0]) in whole
        known = set(node.input) - constants
        if is_cast or (known and known <= sizes):
            sizes |= set(node.output)
            names.append(node.name)
    return names


def _to_int8(path, small, served, form):
    from onnxruntime import quantization

    inputs, _ = served.example(_CALIBRATION)
    quantization.quantize_static(
        path,
        small,
        _OneBatch({p.name: form.fed(p, inputs[p.name]) for p in served.function.inputs}),
        per_channel=True,
        op_types_to_quantize=["Conv", "ConvTranspose", "Gemm", "MatMul"],
    )


_WRITERS = {"float16": _to_float16, "int8": _to_int8}


def loss(served, weights, original, compared):
    """Measures how far the samples of a smaller model are from those of the original.

    Args:
        served: A `ServedFunction`.
        weights: `"float16"` or `"int8"`.
        original: Function from inputs as arrays by name to samples.
        compared: The same of the smaller model.

    Returns:
        Texts by name, over 64 samples: the mean and the largest absolute difference, or the
        share of tokens that are others.

    Raises:
        UserError: If the smaller model returns values that are not finite, or of another shape,
            or if float16 differs by more than `FLOAT16_TOLERANCE` of the largest value, or of 1
            if that is larger. int8 has no such limit.
    """
    inputs, _ = served.example(_MEASURED, first=_CALIBRATION)
    samples, expected = compared(inputs).astype("float64"), original(inputs)
    if samples.shape != expected.shape or not np.all(np.isfinite(samples)):
        raise UserError(
            f"The smaller ONNX model of {served.name} gives values that are not finite, or of "
            f"another shape. Expected the shape {expected.shape}. Received: {samples.shape}. Use "
            "--onnx_weights=float32."
        )
    difference = np.abs(samples - expected)
    if isinstance(served.function.output, Tokens):
        return {"tokens_changed": f"{np.mean(difference > 0):.2g}"}
    mean, largest = difference.mean(), difference.max()
    allowed = np.multiply(FLOAT16_TOLERANCE, max(1.0, np.max(np.abs(expected))))
    if weights == "float16" and (mean > allowed[0] or largest > allowed[1]):
        raise UserError(
            f"In float16 {served.name} must differ from float32 by {allowed[0]:.2g} on average "
            f"and {allowed[1]:.2g} at most. Received: {mean:.2g} and {largest:.2g}. Use "
            "--onnx_weights=float32."
        )
    return {"mean_loss": f"{mean:.2g}", "largest_loss": f"{largest:.2g}"}


def report(path, small, metadata):
    """Prints in one line the size of a "smaller" model and how much its samples differ."""
    values = "[-1, 1]" if "layout" in metadata else "any size"
    if "tokens_changed" in metadata:
        told = f"The share of its tokens that are others is {metadata['tokens_changed']}"
    else:
        told = (
            f"Its samples differ from the latter's by {metadata['mean_loss']} on average, "
            f"{metadata['largest_loss']} at most, in values of {values}"
        )
    size, before = os.path.getsize(small), os.path.getsize(path)
    larger = " It is the larger file: use --onnx_weights=float32." if size >= before else ""
    print(
        f"ONNX in {metadata['weights']}: {size:,} bytes, in float32 {before:,}.{larger} {told} "
        "(64 samples)."
    )


class _OneBatch:
    """Calibration data for `onnxruntime.quantization`: a reader with a single batch."""

    def __init__(self, rows):
        self.batches = [rows]

    def get_next(self):
        return self.batches.pop() if self.batches else None


@contextlib.contextmanager
def _quiet():
    """Silences warnings of the root logger, which are advice to developers of these tools."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
