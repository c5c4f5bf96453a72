"""Writes the warm-up requests that TF Serving runs before it serves a version.

They are a TFRecord file of `tensorflow.serving.PredictionLog` messages. The message
types are in the package `tensorflow-serving-api`, but an export does not need it:
all fields used here are strings or messages, and protocol buffers encode both in the
same way, as a tag, a length and the bytes.
"""

import os

import tensorflow as tf

FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")

# Field numbers of prediction_log.proto, predict.proto and model.proto.
_PREDICT_LOG = 6
_REQUEST = 1
_MODEL_SPEC, _INPUTS = 1, 2
_MODEL_NAME, _SIGNATURE_NAME = 1, 3
_KEY, _VALUE = 1, 2


def write(directory, model_name, requests):
    """Writes the warm-up file of a SavedModel.

    Args:
        directory: Directory of the SavedModel.
        model_name: Name of the model for clients.
        requests: List of (signature name, {input name: array}).
    """
    path = os.path.join(directory, FILE)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tf.io.TFRecordWriter(path) as writer:
        for signature, inputs in requests:
            writer.write(prediction_log(model_name, signature, inputs))


def prediction_log(model_name, signature, inputs):
    """Returns a serialized `PredictionLog` with one `PredictRequest`."""
    spec = _field(_MODEL_NAME, model_name.encode()) + _field(_SIGNATURE_NAME, signature.encode())
    request = _field(_MODEL_SPEC, spec)
    for name, array in inputs.items():
        tensor = tf.make_tensor_proto(array).SerializeToString()
        request += _field(_INPUTS, _field(_KEY, name.encode()) + _field(_VALUE, tensor))
    return _field(_PREDICT_LOG, _field(_REQUEST, request))


def _field(number, payload):
    length, size = b"", len(payload)
    while size > 127:  # A varint: base 128, low digits first.
        length += bytes([size % 128 + 128])
        size //= 128
    return bytes([number << 3 | 2]) + length + bytes([size]) + payload
