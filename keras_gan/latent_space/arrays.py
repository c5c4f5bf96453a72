"""Checks of arrays that users pass in."""

import numpy as np

from keras_gan.errors import UserError


def floating(values):
    """Returns the dtype of values if they are floating-point, otherwise float64."""
    given = np.asarray(values).dtype
    return given if np.issubdtype(given, np.floating) else np.dtype(np.float64)


def finite(name, values, rank=None, rows=False):
    """Checks that values are finite numbers and returns them as float64.

    Args:
        name: Name of the argument, for error messages.
        values: The values to check.
        rank: Number of axes expected, 1 or 2.
        rows: Whether to expect an array [count, ...] of any rank from 2 instead.

    Raises:
        UserError: If the shape is wrong, there are no values, or some are not finite numbers.
    """
    try:
        values = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"Expected numbers for {name}, in rows of equal length. Received: {error}. Give an "
            "array."
        ) from error
    if not values.size or (values.ndim < 2 if rows else values.ndim != rank):
        shape = "[count, ...]" if rows else ("[latent_dim]", "[count, latent_dim]")[rank - 1]
        raise UserError(
            f"Expected {name} of shape {shape}, not empty. Received: {values.shape}. Index or "
            "reshape it."
        )
    if not np.all(np.isfinite(values)):
        bad = np.count_nonzero(~np.isfinite(values))
        raise UserError(
            f"Expected finite numbers for {name}. Received: {bad} of {values.size} are NaN or "
            "infinite. Remove these rows."
        )
    return values
