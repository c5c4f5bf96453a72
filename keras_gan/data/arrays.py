"""Loads images or sequences of tokens from a NumPy .npz file."""

import contextlib
import zipfile
import zlib

import numpy as np
from PIL import Image

from keras_gan.data import sequences
from keras_gan.data.class_names import MOST_CLASSES
from keras_gan.data.contents import Contents
from keras_gan.data.source import ArraySource
from keras_gan.errors import UserError, first_line


def prepare(images, preparation):
    """Prepares images in memory: crops, resizes and converts them.

    Args:
        images: uint8 array [N, height, width, channels].
        preparation: `images.Preparation`.

    Returns:
        uint8 array [N, *shape].
    """
    pictures = (
        Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image) for image in images
    )
    return np.stack([preparation(picture) for picture in pictures])


def load(path, split, preparation):
    """Loads an .npz file as a `Source`. All examples stay in memory.

    The file may hold:

    - `images`, uint8 [N, height, width] or [N, height, width, channels], and optionally
      `labels`, integers [N] from 0;
    - `x_train` and optionally `x_test`, images as above, with labels in `y_train` and `y_test`;
    - `tokens`, integers [N, T], and optionally `vocabulary`, the texts of the tokens.

    Args:
        path: The file.
        split: `"train"`, or `"test"` to read `x_test`.
        preparation: `images.Preparation`.

    Raises:
        UserError: If the file cannot be read or holds other arrays.
    """
    with _reading(path), open(path, "rb") as opened:
        file = np.load(opened, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise ValueError("it is not an .npz file")
        with file:
            arrays = {key: file[key] for key in file.files if key in _known(split)}
            names = sorted(file.files)
    if f"x_{split}" not in arrays and split != "train":
        raise UserError(
            f"{path} has the split train, and the split test if it holds x_test. Received: "
            f"--split={split} and the arrays {', '.join(names)}."
        )
    source = _source(path, split, arrays, names, preparation)
    source.contents = Contents.of_arrays(arrays)
    return source


def _source(path, split, arrays, names, preparation):
    """Returns the `Source` of the arrays of a file, of all of which `names` has the names."""
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
    """Turns NumPy's errors for damaged or other files into a `UserError`."""
    try:
        yield
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or first_line(error) or type(error).__name__
        if "allow_pickle" in reason:  # NumPy takes any other file for Python objects.
            reason = "it holds Python objects or is not an .npz file"
        raise UserError(
            f"Cannot read {path}: {reason}. Expected an .npz file as numpy.savez writes it."
        ) from None


def _known(split):
    """Returns the names of the arrays to read for a split."""
    whole = ("tokens", "vocabulary", "images", "labels") if split == "train" else ()
    return {*whole, f"x_{split}", f"y_{split}"}


def _images(path, name, images):
    """Checks images and returns them as [N, height, width, channels]."""
    shaped = images[..., np.newaxis] if images.ndim == 3 else images
    fits = shaped.ndim == 4 and 0 not in shaped.shape and shaped.shape[-1] in (1, 3, 4)
    if not fits or images.dtype != np.uint8:
        raise UserError(
            f"Expected {name} in {path} to be uint8 images (N, height, width) or (N, height, "
            f"width, 1, 3 or 4). Received: {images.dtype} of shape {images.shape}."
        )
    return shaped


def _labels(path, name, arrays, count):
    """Checks labels and returns (labels, class names), or (None, None) without labels."""
    if name not in arrays:
        return None, None
    labels = arrays[name]
    fits = labels.dtype.kind in "iu" and labels.shape in ((count,), (count, 1))
    if not fits or labels.min() < 0 or labels.max() >= MOST_CLASSES:
        raise UserError(
            f"Expected {name} in {path} to be {count} integers from 0 to {MOST_CLASSES - 1}, one "
            f"for each image. Received: {labels.dtype} of shape {labels.shape}"
            + (f" from {labels.min()} to {labels.max()}." if fits else ".")
        )
    return labels.reshape(count), tuple(map(str, range(int(labels.max()) + 1)))
