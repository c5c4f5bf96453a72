"""Checks of the arrays and numbers that users pass to the measures."""

import contextlib

import numpy as np

from keras_gan.errors import UserError


def check_features(name, features, least=1):
    """Checks features and returns them as an array.

    Args:
        name: Name of the argument, for error messages.
        features: Matrix of numbers [N, D], or anything that numpy converts to one.
        least: The smallest N allowed.

    Returns:
        The array, in its own type; measures convert it in blocks.

    Raises:
        UserError: If it is not a matrix of finite real numbers with at least `least`
            rows and one column.
    """
    features = _check_numbers(name, features)
    if features.ndim != 2:
        raise UserError(
            f"{name} must have the shape [examples, dimensions]. Received: {features.shape}. "
            "Reshape it, for example with features.reshape(len(features), -1)."
        )
    if len(features) < least or not features.shape[1]:
        raise UserError(
            f"{name} must have at least {least} examples and 1 dimension. Received: "
            f"{features.shape[0]} examples, {features.shape[1]} dimensions. Give more examples."
        )
    _check_finite(name, features)
    return features


def check_pair(real, fake, least=1, names=("real", "fake")):
    """Checks two sets of features of the same dimension; see `check_features`."""
    real = check_features(names[0], real, least)
    fake = check_features(names[1], fake, least)
    check_dimensions(real.shape[1], fake.shape[1], names)
    return real, fake


def check_dimensions(first, second, names=("real", "fake")):
    """Raises `UserError` unless two sets of features have the same dimension."""
    if first != second:
        raise UserError(
            f"{names[0]} and {names[1]} must have the same dimension. Received: {first} and "
            f"{second}. Take both from the same layer of the same network."
        )


def check_images(name, images):
    """Checks images [N, H, W, C] of finite numbers and returns them as an array."""
    images = _check_numbers(name, images)
    if images.ndim != 4 or not images.size:
        raise UserError(
            f"{name} must have the shape [examples, height, width, channels], no axis empty. "
            f"Received: {images.shape}. Grey images need a last axis of 1: images[..., None]."
        )
    _check_finite(name, images)
    return images


def check_neighbours(name, features, k):
    """Raises `UserError` unless each example has a k-th neighbour other than itself."""
    check_count("k", k)
    if k > len(features) - 1:
        raise UserError(
            f"k must be at most the number of other examples in {name}. Received: k={k} with "
            f"{len(features)} examples. Give a smaller k or more examples."
        )


def check_count(name, value, least=1):
    """Raises `UserError` unless `value` is a whole number of at least `least`."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:
        raise UserError(f"{name} must be a whole number of at least {least}. Received: {value!r}.")


def _check_numbers(name, values):
    try:
        values = np.asarray(values)
    except (TypeError, ValueError) as error:  # Rows of different lengths.
        raise UserError(f"{name} must be an array of numbers. Received: {error}.") from None
    if values.dtype.kind == "V" and values.dtype.names is None:
        # numpy has no bfloat16 of its own.
        with contextlib.suppress(TypeError, ValueError):
            values = values.astype(np.float32)
    if values.dtype.kind not in "fiub":
        raise UserError(
            f"{name} must be an array of real numbers. Received: numbers of type {values.dtype}. "
            "Convert it, for example with np.asarray(values, np.float32)."
        )
    return values


def _check_finite(name, values):
    """Raises `UserError` if there is a NaN or an infinity; works in blocks to save memory."""
    if values.dtype.kind != "f":
        return
    rows = max(1, 2**22 // max(1, values[0].size))
    for start in range(0, len(values), rows):
        finite = np.isfinite(values[start : start + rows])
        if not finite.all():
            example = start + int(np.argwhere(~finite)[0][0])
            raise UserError(
                f"{name} must be finite. Received: NaN or infinite values, first in example "
                f"{example}. The generator may have diverged, or something divided by zero."
            )
