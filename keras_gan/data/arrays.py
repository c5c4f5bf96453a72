"""Examples from arrays: images or sequences of tokens in an .npz file of NumPy."""

import contextlib
import zipfile
import zlib

import numpy as np
import tensorflow as tf

from keras_gan.data import sequences, threads
from keras_gan.data.source import ArraySource
from keras_gan.errors import UserError, first_line

_MOST_CLASSES = 2**16
_TOGETHER = 256  # Prepared images that leave TensorFlow at a time.


def prepare(images, preparation):
    """Returns images prepared one by one.

    Args:
        images: uint8 array [N, height, width, channels].
        preparation: `images.Preparation`.

    Returns:
        uint8 array [N, *shape].
    """
    prepared = tf.data.Dataset.from_tensor_slices(images).map(preparation, threads.count())
    parts = threads.fixed(prepared.batch(_TOGETHER)).as_numpy_iterator()
    return np.concatenate(list(parts))


def load(path, split, preparation):
    """Returns the examples of an .npz file as a `Source`.

    The file holds `tokens`, integers [N, T], and perhaps `vocabulary`, the texts of the tokens;
    or `images`, uint8 [N, height, width] or [N, height, width, channels], and perhaps `labels`,
    integers [N] from 0. Images may also be in `x_train` and `x_test`, their labels in `y_train`
    and `y_test`, which `split` chooses between. All examples stay in memory.

    Raises:
        UserError: If the file cannot be read or holds something else.
    """
    with _reading(path), open(path, "rb") as opened:
        file = np.load(opened, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise ValueError("it is no .npz file")
        with file:
            arrays = {key: file[key] for key in file.files if key in _known(split)}
            names = sorted(file.files)
    if f"x_{split}" not in arrays and split != "train":
        raise UserError(
            f"{path} has the split train, and test where there is x_test. Received: "
            f"--split={split} and the arrays {', '.join(names)}."
        )
    if "tokens" in arrays:
        return sequences.from_arrays(path, arrays, preparation)
    for images, labels in (("images", "labels"), (f"x_{split}", f"y_{split}")):
        if images in arrays:
            examples = prepare(_images(path, images, arrays[images]), preparation)
            return ArraySource(path, examples, *_labels(path, labels, arrays, len(examples)))
    raise UserError(
        f"Expected {path} to hold the array tokens, images or x_{split}. Received: "
        f"{', '.join(names) or 'no array'}."
    )


@contextlib.contextmanager
def _reading(path):
    """Turns what NumPy says to a file that is damaged or no archive into a `UserError`."""
    try:
        yield
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or first_line(error) or type(error).__name__
        if "allow_pickle" in reason:  # NumPy takes any other file for Python objects.
            reason = "it holds Python objects or is no .npz file"
        raise UserError(
            f"Cannot read {path}: {reason}. Expected an .npz file as numpy.savez writes it."
        ) from None


def _known(split):
    """Returns the names of the arrays that are read: those of a split, or of the whole file."""
    whole = ("tokens", "vocabulary", "images", "labels") if split == "train" else ()
    return {*whole, f"x_{split}", f"y_{split}"}


def _images(path, name, images):
    """Returns images as [N, height, width, channels]."""
    shaped = images[..., np.newaxis] if images.ndim == 3 else images
    fits = shaped.ndim == 4 and 0 not in shaped.shape and shaped.shape[-1] in (1, 3, 4)
    if not fits or images.dtype != np.uint8:
        raise UserError(
            f"Expected {name} in {path} to be uint8 images (N, height, width) or (N, height, "
            f"width, 1, 3 or 4). Received: {images.dtype} of shape {images.shape}."
        )
    return shaped


def _labels(path, name, arrays, count):
    """Returns (labels, class names) of `count` images, or (None, None) without labels."""
    if name not in arrays:
        return None, None
    labels = arrays[name]
    fits = labels.dtype.kind in "iu" and labels.shape in ((count,), (count, 1))
    if not fits or labels.min() < 0 or labels.max() >= _MOST_CLASSES:
        raise UserError(
            f"Expected {name} in {path} to be {count} integers from 0 to {_MOST_CLASSES - 1}, one "
            f"for each image. Received: {labels.dtype} of shape {labels.shape}"
            + (f" from {labels.min()} to {labels.max()}." if fits else ".")
        )
    return labels.reshape(count), tuple(map(str, range(int(labels.max()) + 1)))
