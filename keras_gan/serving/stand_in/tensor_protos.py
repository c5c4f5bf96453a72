"""Converts arrays from and to `TensorProto` messages, as TF Serving's gRPC API does."""

import numpy as np
import tensorflow as tf

from keras_gan.errors import first_line
from keras_gan.serving.stand_in.status import failure

_MOST_VALUES = 2**25  # A message of a few bytes may claim a shape of any size.


def to_array(proto, name):
    """Returns the input `name` of a request as an array."""
    sides = [dimension.size for dimension in proto.tensor_shape.dim]
    if min(sides, default=0) < 0 or np.prod(sides, dtype=float) > _MOST_VALUES:
        raise failure(
            tf.errors.INVALID_ARGUMENT,
            f"{name} must have at most {_MOST_VALUES} values. Received: the shape {sides}.",
        )
    try:
        return tf.make_ndarray(proto)
    except (TypeError, ValueError) as error:
        raise failure(
            tf.errors.INVALID_ARGUMENT,
            f"{name} must be a complete tensor. Received: {first_line(error)}.",
        ) from None


def to_proto(value):
    """Returns an array as a `TensorProto`.

    Like TF Serving, it writes values to the typed field, which some clients read directly.
    """
    fields = {"float32": "float_val", "int64": "int64_val", "int32": "int_val"}
    field = "string_val" if value.dtype == object else fields.get(value.dtype.name)
    if not field:
        return tf.make_tensor_proto(value)
    proto = tf.make_tensor_proto([], tf.as_dtype(value.dtype), shape=[0])
    proto.tensor_shape.CopyFrom(tf.TensorShape(value.shape).as_proto())
    getattr(proto, field).extend(value.ravel().tolist())
    return proto
