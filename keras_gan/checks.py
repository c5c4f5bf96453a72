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
            raise not_dicts(batch, spec)
        shape, shown = tuple(rows.shape), ", ".join(map(str, port.shape))
        sides = zip(port.shape, shape[1:], strict=False)
        fits = len(shape) == 1 + len(port.shape) and all(a in (None, b) for a, b in sides)
        if not fits:
            advice = ""
            if port.shape[-1:] == (1,) and shape[1:] == port.shape[:-1]:
                advice = f" Add the axis of the channels: x[..., None] for {key!r}."
            raise UserError(
                f"Expected {key!r} of shape (batch, {shown}). Received: {shape}.{advice}"
            )
        if shape[0] is None:
            raise UserError(
                f"Expected {key!r} of shape (batch, {shown}) with a fixed batch size. Received: "
                f"{shape}. Call {_REBATCH}, with your batch size."
            )
        if shape[0] % (sub_batches * accumulate_steps):
            parts = f" in accumulate_steps={accumulate_steps} parts" if accumulate_steps > 1 else ""
            raise UserError(
                f"Expected a batch of d_steps={sub_batches} times the examples of one "
                f"update{parts}, on each replica. Received: {shape[0]} examples."
            )


_REBATCH = "dataset.rebatch(32, drop_remainder=True)"


def examples_of(batch):
    """Returns the dict of examples of a batch that Keras has put into a tuple (x, None, None)."""
    if isinstance(batch, tuple | list) and 1 <= len(batch) <= 3:
        if isinstance(batch[0], dict) and all(part is None for part in batch[1:]):
            return batch[0]
    return batch


def not_dicts(batch, spec, how=None):
    """Returns the `UserError` for a batch that is no dict with the keys of `spec`.

    Args:
        batch: What was received.
        spec: What the model trains on: ports by the keys of a batch.
        how: Sentence on how to make such a batch, with {} for the dict. Default: by calls of a
            `tf.data.Dataset`.
    """
    keys = f"the key{'s' * (len(spec) > 1)} {', '.join(map(repr, spec))}"
    if isinstance(batch, dict):
        return UserError(f"Expected batches that are dicts with {keys}. Received: {sorted(batch)}.")
    parts = batch if isinstance(batch, tuple | list) else (batch,)
    names = ("x", "y", "z")[: max(1, len(parts))]
    labelled = [*spec, "label"] if len(spec) == 1 else list(spec)
    scaled = False
    entries = []
    for key, name, part in zip(labelled, names, parts, strict=False):
        floats = "float" in str(getattr(part, "dtype", ""))
        scaling = spec[key].scaling if key in spec and floats else ""
        scaled = scaled or bool(scaling)
        entries.append(f'"{key}": {name}{scaling}')
    made = f"{{{', '.join(entries)}}}"
    if how is None:
        how = f"Call dataset.map(lambda {', '.join(names)}: {made})"
        partial = any(getattr(part, "shape", (0,))[:1] in ((None,), [None]) for part in parts)
        how += f" and then {_REBATCH}, with your batch size." if partial else "."
    else:
        how = how.format(made)
    if scaled:
        how += f" Leave out{spec[labelled[0]].scaling} if the images are already in [-1, 1]."
    return UserError(
        f"Expected batches that are dicts with {keys}. Received: {_kind(batch)}. {how}"
    )


def _kind(batch):
    """Returns in words what a batch is."""
    if isinstance(batch, tuple | list):
        return f"a {type(batch).__name__} of {' and '.join(map(_kind, batch))}"
    if not hasattr(batch, "shape"):
        return type(batch).__name__
    return f"{getattr(batch.dtype, 'name', batch.dtype)} of shape {tuple(batch.shape)}"


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
