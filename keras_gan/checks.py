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


def check_batch(batch, spec, sub_batches, accumulate_steps):
    """Raises `UserError` unless `batch` can train a model.

    Args:
        batch: What `fit` hands to `train_step`.
        spec: What the model trains on: ports by the keys of a batch.
        sub_batches: Sub-batches that the batch of a step is made of, as `d_steps`.
        accumulate_steps: Parts of an update.
    """
    for key, port in spec.items():
        rows = batch.get(key) if isinstance(batch, dict) else None
        if rows is None:
            received = sorted(batch) if isinstance(batch, dict) else type(batch).__name__
            raise UserError(
                f"Expected batches that are dicts with {_keys(spec)}. Received: {received}."
            )
        shape, shown = tuple(rows.shape), ", ".join(map(str, port.shape))
        sides = zip(port.shape, shape[1:], strict=False)
        fits = len(shape) == 1 + len(port.shape) and all(a in (None, b) for a, b in sides)
        if not fits or shape[0] is None:
            raise UserError(
                f"Expected {key!r} of shape (batch, {shown}) with a fixed batch size "
                f"(drop_remainder=True). Received: {shape}."
            )
        if shape[0] % (sub_batches * accumulate_steps):
            parts = f" in accumulate_steps={accumulate_steps} parts" if accumulate_steps > 1 else ""
            raise UserError(
                f"Expected a batch of d_steps={sub_batches} times the examples of one "
                f"update{parts}, on each replica. Received: {shape[0]} examples."
            )


def _keys(spec):
    """Returns the keys of a batch in words, with how to make such batches."""
    if len(spec) > 1:
        return f"the keys {', '.join(map(repr, spec))}"
    (key,) = spec
    return f"the key {key!r}, as from dataset.map(lambda x: {{{key!r}: x}})"


def check_shape(image_shape):
    """Raises `UserError` unless the shape is that of an image or a vector."""
    if len(image_shape) not in (1, 3):
        raise UserError(
            "image_shape must be (height, width, channels) or (dimensions,). Received: "
            f"{tuple(image_shape)}."
        )


def check_same_size(system, *shapes):
    """Raises `UserError` unless the shapes are those of images with the same sides."""
    if any(len(shape) != 3 for shape in shapes):
        raise UserError(
            f"{system} translates images: expected shapes (height, width, channels). Received: "
            f"{' and '.join(map(str, shapes))}. Use another dataset or another system."
        )
    sizes = dict.fromkeys("x".join(map(str, shape[:2])) for shape in shapes)
    if len(sizes) > 1:
        raise UserError(
            f"{system} trains on images of one size. Received: {' and '.join(sizes)}. Give "
            "--image_size; trained translators take images of any size."
        )


def check_choice(name, value, choices):
    """Raises `UserError` unless `value` is one of `choices`."""
    if value not in choices:
        raise UserError(f"{name} must be one of {', '.join(choices)}. Received: {value!r}.")
