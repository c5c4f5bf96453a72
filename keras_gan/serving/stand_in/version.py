"""One version of an exported model, run in a TensorFlow session as in TF Serving."""

import json
import os

import tensorflow as tf

from keras_gan.errors import first_line
from keras_gan.serving import saved_model
from keras_gan.serving.stand_in.batching import Batcher
from keras_gan.serving.stand_in.status import failure


class Version:
    """One version of a model.

    Args:
        path: Directory of a SavedModel that this package wrote.
        number: The version number.
        limits: `Limits` for merging requests, or `None`.
    """

    def __init__(self, path, number, limits=None):
        self.number, self.stated = number, _stated(path)
        try:
            self._session, self.signatures = saved_model.open_session(path)
        except Exception as error:  # Bad files raise errors of many types.
            raise failure(
                tf.errors.UNAVAILABLE, f"Cannot load {path}: {first_line(error)}"
            ) from None
        self._runs = {name: self._runner(one) for name, one in self.signatures.items()}
        if limits:
            self._runs = {name: Batcher(run, limits) for name, run in self._runs.items()}

    def inputs(self, signature_name):
        """Returns the inputs of a signature, `TensorInfo` messages by name."""
        signature = self.signatures.get(signature_name)
        if signature is None or not signature.inputs:
            names = sorted(name for name, one in self.signatures.items() if one.inputs)
            raise failure(
                tf.errors.INVALID_ARGUMENT,
                f"Expected one of the signatures {', '.join(names)}. Received: {signature_name!r}.",
            )
        return signature.inputs

    def predict(self, signature_name, inputs):
        """Returns a signature's outputs by name, for arrays by name."""
        expected = self.inputs(signature_name)
        if set(inputs) != set(expected):
            raise failure(
                tf.errors.INVALID_ARGUMENT,
                f"{signature_name} expects the inputs {', '.join(sorted(expected))}. "
                f"Received: {', '.join(sorted(inputs)) or 'none'}.",
            )
        for name, info in expected.items():
            kind, shape = tf.as_dtype(info.dtype), tf.TensorShape(info.tensor_shape)
            value = inputs[name]
            if value.dtype != kind.as_numpy_dtype or not shape.is_compatible_with(value.shape):
                sides = "unknown" if shape.rank is None else [side or "N" for side in shape]
                raise failure(
                    tf.errors.INVALID_ARGUMENT,
                    f"{name} must be {kind.name} of the shape {_plain(sides)}. "
                    f"Received: {value.dtype.name} {_plain(list(value.shape))}.",
                )
        return self._runs[signature_name](inputs)

    def _runner(self, signature):
        fetches = {name: info.name for name, info in signature.outputs.items()}

        def run(inputs):
            feeds = {signature.inputs[name].name: value for name, value in inputs.items()}
            try:
                return self._session.run(fetches, feeds)
            except tf.errors.OpError as error:  # Leave out where in the graph it happened.
                raise failure(error.error_code, first_line(error)) from None
            except (TypeError, ValueError) as error:
                raise failure(tf.errors.INVALID_ARGUMENT, first_line(error)) from None

        return run


def _stated(path):
    """Returns what the export states beside the signatures, texts by name."""
    try:
        with open(os.path.join(path, "assets.extra", "metadata.json"), encoding="utf-8") as file:
            return dict(json.load(file))
    except (OSError, ValueError, TypeError):
        return {}  # The model can be served all the same.


def _plain(sides):
    return str(sides).replace("'", "")
