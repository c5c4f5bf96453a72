"""ONNX models with smaller weights, and what their images lose by it."""

import contextlib
import logging

import numpy as np

from keras_gan.errors import UserError

WEIGHTS = ("float32", "float16", "int8")
_CALIBRATION, _MEASURED = 64, 64  # rows, of other seeds each


def shrink(path, weights, generator):
    """Writes a model again with smaller weights.

    float16 computes in half precision where the engine can, and keeps float32 for
    inputs and outputs. int8 quantizes the weights of products, a scale for each channel, and
    the values between layers, whose ranges are taken from 64 samples.

    Args:
        path: The ONNX file; it is replaced.
        weights: `"float16"` or `"int8"`.
        generator: A `ServedGenerator`.
    """
    import onnx

    if weights == "float16":
        from onnxruntime.transformers.float16 import convert_float_to_float16

        onnx.save(convert_float_to_float16(onnx.load(path), keep_io_types=True), path)
        return
    from onnxruntime import quantization

    inputs, _ = generator.example(_CALIBRATION)
    names = [spec.name for spec in generator.specs]
    with _quiet():
        quantization.quantize_static(
            path,
            path,
            _OneBatch({name: inputs[name] for name in names}),
            per_channel=True,
            op_types_to_quantize=["Conv", "ConvTranspose", "Gemm", "MatMul"],
        )


def loss(generator, answer):
    """Measures how far the images of a smaller model are from Keras'.

    Args:
        generator: A `ServedGenerator`.
        answer: Function from inputs as arrays by name to images.

    Returns:
        (mean, largest) absolute difference of the values of 64 samples.

    Raises:
        UserError: If the smaller model gives numbers that are not finite.
    """
    inputs, expected = generator.example(_MEASURED, first=_CALIBRATION)
    difference = np.abs(answer(inputs).astype("float64") - expected)
    if not np.all(np.isfinite(difference)):
        raise UserError(
            "The smaller ONNX model gives values that are not finite. Use --onnx_weights=float32."
        )
    return difference.mean(), difference.max()


class _OneBatch:
    """What the calibration of `onnxruntime.quantization` reads its rows from."""

    def __init__(self, rows):
        self.batches = [rows]

    def get_next(self):
        return self.batches.pop() if self.batches else None


@contextlib.contextmanager
def _quiet():
    """Leaves out advice on the root logger, which is for who writes such programs."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
