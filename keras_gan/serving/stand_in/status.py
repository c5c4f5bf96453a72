"""Errors of requests, with codes for HTTP and gRPC."""

import tensorflow as tf

_HTTP = {
    tf.errors.INVALID_ARGUMENT: 400,
    tf.errors.FAILED_PRECONDITION: 400,
    tf.errors.OUT_OF_RANGE: 400,
    tf.errors.NOT_FOUND: 404,
    tf.errors.RESOURCE_EXHAUSTED: 429,
    tf.errors.UNIMPLEMENTED: 501,
    tf.errors.UNAVAILABLE: 503,
}


def failure(code, message):
    """Returns the error to raise for a bad request, with one of TensorFlow's error codes.

    These codes equal gRPC's; `http_status` translates them for HTTP.
    """
    return tf.errors.OpError(None, None, message, code)


def http_status(error):
    """Returns the HTTP status that TF Serving returns for an error."""
    return _HTTP.get(error.error_code, 500)
