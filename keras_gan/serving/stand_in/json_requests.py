"""Reads JSON predict requests by the rules of TF Serving's REST API."""

import json
import reprlib

import numpy as np
import tensorflow as tf

from keras_gan.serving.stand_in.status import failure

_LARGEST_EXACT = 2**24 - 1  # TF Serving refuses larger whole numbers for a float32.


def read(body, inputs_of):
    """Reads the body of a predict request.

    Args:
        body: Bytes.
        inputs_of: Function from a signature's name to its inputs, `TensorInfo`
            messages by name.

    Returns:
        (signature name, arrays by name, whether the request is in row form).
    """
    try:
        request = json.loads(body.decode("utf-8-sig"))
    except RecursionError:
        raise _bad("The request must be JSON. Received: lists nested too deeply.") from None
    except ValueError as error:
        raise _bad(f"The request must be JSON. Received: {error}.") from None
    if not isinstance(request, dict):
        raise _bad(f"The request must be a JSON object. Received: {reprlib.repr(request)}.")
    name = request.get("signature_name", "")
    if not isinstance(name, str):
        raise _bad(f"signature_name must be a text. Received: {reprlib.repr(name)}.")
    name = name or tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY
    expected = inputs_of(name)
    forms = [form for form in ("instances", "inputs") if form in request]
    if len(forms) != 1:
        raise _bad(
            "The request must have one of 'instances' (rows) and 'inputs' (columns). "
            f"Received: {' and '.join(forms) or 'neither'}."
        )
    is_row = forms == ["instances"]
    columns = (_from_rows if is_row else _from_columns)(request[forms[0]], sorted(expected))
    arrays = {key: _array(columns[key], expected[key].dtype, key) for key in expected}
    return name, arrays, is_row


def _from_rows(rows, names):
    if not isinstance(rows, list) or not rows:
        raise _bad(f"instances must be a list with values. Received: {reprlib.repr(rows)}.")
    if not isinstance(rows[0], dict):
        if len(names) > 1:
            raise _bad(f"instances must be objects with the keys {', '.join(names)}.")
        return {names[0]: rows}
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or sorted(row) != names:
            raise _bad(
                f"instances[{index}] must be an object with the keys {', '.join(names)}. "
                f"Received: {reprlib.repr(row)}."
            )
    return {name: [row[name] for row in rows] for name in names}


def _from_columns(columns, names):
    if not isinstance(columns, dict):
        if len(names) > 1:
            raise _bad(f"inputs must be an object with the keys {', '.join(names)}.")
        return {names[0]: columns}
    missing = [name for name in names if name not in columns]
    if missing:
        raise _bad(
            f"inputs must have {', '.join(names)}. Received: {reprlib.repr(sorted(columns))}."
        )
    return columns


def _array(value, dtype, name):
    """Turns nested lists into an array; as in TF Serving, no number is rounded or cast."""
    dtype = tf.as_dtype(dtype)
    if not (dtype.is_floating or dtype.is_integer):
        raise failure(
            tf.errors.UNIMPLEMENTED,
            f"The stand-in reads numbers from JSON. Received: the input {name} of {dtype.name}.",
        )
    shape, inner = [], value
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    leaves = []
    try:
        _flatten(value, shape, leaves, name)
    except RecursionError:
        raise _bad(f"{name} must have fewer dimensions. Received: {len(shape)}.") from None
    kinds = (int, float) if dtype.is_floating else (int,)
    for leaf in leaves:
        if type(leaf) not in kinds or (dtype == tf.float32 and _is_inexact(leaf)):
            raise _bad(f"{name} must be {_meant(dtype)}. Received: {reprlib.repr(leaf)}.")
    try:
        with np.errstate(over="raise"):
            return np.array(leaves, dtype.as_numpy_dtype).reshape(shape)
    except (OverflowError, FloatingPointError):
        raise _bad(f"{name} must be {_meant(dtype)}. Received: a number out of range.") from None
    except ValueError as error:
        raise _bad(f"{name} must be a list of equal lists. Received: {error}.") from None


def _flatten(value, shape, leaves, name):
    if isinstance(value, list) != bool(shape) or (shape and len(value) != shape[0]):
        raise _bad(f"{name} must be a list of equally long lists. Received: {reprlib.repr(value)}.")
    if len(shape) > 1:
        for item in value:
            _flatten(item, shape[1:], leaves, name)
    else:
        items = value if shape else [value]
        if any(isinstance(item, list) for item in items):
            raise _bad(f"{name} must not mix lists and numbers. Received: {reprlib.repr(value)}.")
        leaves.extend(items)


def _is_inexact(leaf):
    return type(leaf) is int and abs(leaf) > _LARGEST_EXACT


def _meant(dtype):
    if dtype.is_integer:
        return f"whole numbers from {dtype.min} to {dtype.max}"
    return f"numbers that {dtype.name} holds (whole ones up to {_LARGEST_EXACT})"


def _bad(message):
    return failure(tf.errors.INVALID_ARGUMENT, message)
