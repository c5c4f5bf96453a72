"""Checks of the arguments and batches that users give to models."""

from keras_gan.errors import UserError

_LARGEST = 2**16  # Most units or channels; more would not fit into memory.
_MOST_STEPS = 100  # Most updates per step; the graph grows with each one.


def check_arguments(**values):
    """Raises `UserError` unless sizes and counts are whole numbers in a sensible range.

    Args:
        **values: Arguments by name: whole numbers from 1, or tuples of them.
    """
    for name, value in values.items():
        for number in value if isinstance(value, tuple | list) else (value,):
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                raise UserError(
                    f"{name} must be a whole number of at least 1. Received: {value!r}."
                )
            most = _MOST_STEPS if name.endswith("_steps") else _LARGEST
            if number > most:
                raise UserError(f"{name} must be at most {most}. Received: {value!r}.")


def check_weights(**values):
    """Raises `UserError` unless the arguments, given by name, are finite and at least 0."""
    for name, value in values.items():
        if not 0.0 <= value < float("inf"):
            raise UserError(f"{name} must be 0 or more. Received: {value}.")


def check_batch(batch, image_shape, d_steps, accumulate_steps):
    """Raises `UserError` unless `batch` can train a model of this shape.

    Args:
        batch: The batch that `fit` passes to `train_step`.
        image_shape: Shape of an example.
        d_steps: Number of updates that share the batch.
        accumulate_steps: Number of parts of an update.
    """
    image = batch.get("image") if isinstance(batch, dict) else None
    if image is None:
        received = sorted(batch) if isinstance(batch, dict) else type(batch).__name__
        raise UserError(
            "Expected batches that are dicts with the key 'image', for example from "
            f"dataset.map(lambda x: {{'image': x}}). Received: {received}."
        )
    if tuple(image.shape[1:]) != image_shape or image.shape[0] is None:
        raise UserError(
            f"Expected 'image' of shape (batch, {', '.join(map(str, image_shape))}) with a fixed "
            f"batch size (drop_remainder=True). Received: {tuple(image.shape)}."
        )
    if image.shape[0] % (d_steps * accumulate_steps):
        parts = f" in accumulate_steps={accumulate_steps} parts" if accumulate_steps > 1 else ""
        raise UserError(
            f"Expected a batch of d_steps={d_steps} times the examples of one update{parts}, on "
            f"each replica. Received: {image.shape[0]} examples."
        )


def check_shape(image_shape):
    """Raises `UserError` unless the shape is that of an image or a vector."""
    if len(image_shape) not in (1, 3):
        raise UserError(
            "image_shape must be (height, width, channels) or (dimensions,). Received: "
            f"{tuple(image_shape)}."
        )


def check_choice(name, value, choices):
    """Raises `UserError` unless `value` is one of `choices`."""
    if value not in choices:
        raise UserError(f"{name} must be one of {', '.join(choices)}. Received: {value!r}.")
