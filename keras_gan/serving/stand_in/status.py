"""How a request can fail: one error with a code that every protocol can tell."""

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
    """Returns the error to raise for a request, with one of TensorFlow's error codes.

    The codes are those of gRPC, so that every protocol can tell them.
    """
    return tf.errors.OpError(None, None, message, code)


def http_status(error):
    """Returns the HTTP status that TF Serving answers an error with."""
    return _HTTP.get(error.error_code, 500)
