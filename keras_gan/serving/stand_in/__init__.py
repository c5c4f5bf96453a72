"""A stand-in for TensorFlow Serving, to try clients of an export without the real server."""
