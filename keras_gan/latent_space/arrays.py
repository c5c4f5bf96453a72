"""Checks of the arrays that users hand over."""

import numpy as np

from keras_gan.errors import UserError


def floating(values):
    """Returns the type of floating-point values; that of numpy's own for others."""
    given = np.asarray(values).dtype
    return given if np.issubdtype(given, np.floating) else np.dtype(np.float64)


def finite(name, values, rank=None, rows=False):
    """Returns values as float64.

    Args:
        name: Of the argument, for messages.
        values: What came.
        rank: Number of axes expected, 1 or 2.
        rows: Expect rows of any shape instead.

    Raises:
        UserError: For other shapes, no values, values that are not finite numbers.
    """
    try:
        values = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"Expected numbers for {name}, in rows of one length. Received: {error}. Give an array."
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
            f"Expected finite numbers for {name}. Received: {bad} of {values.size} that are not. "
            "Leave these rows out."
        )
    return values
