"""A folder of images, flat or with one sub-folder a class."""

import os
import re

import keras
import numpy as np
import tensorflow as tf

from keras_gan.data import images
from keras_gan.data.source import ArraySource, FileSource
from keras_gan.errors import UserError

EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
IN_MEMORY_BYTES = 4 * 2**30
_SHOW_PROGRESS = 10_000  # images


def load(folder, split, preparation):
    """Returns the images of a folder as a `Source`.

    Every image is decoded once before training, so that a file that cannot be
    read is reported by name at the start. Images that fit into 4 GiB together
    after resizing stay in memory.

    Raises:
        UserError: If the folder is empty or ambiguous, a file cannot be
            decoded, or sizes differ without an image size to bring them to.
    """
    if split != "train":
        raise UserError(
            "A folder has no splits; name the sub-folder itself as --dataset. Received: "
            f"--split={split}."
        )
    files, labels, class_names = find_images(folder)
    preparation = images.Preparation(preparation.channels or 3, preparation.size, preparation.crop)

    def load_file(path):
        return preparation(images.decode(tf.io.read_file(path)))

    shape, array = _decode_all(files, load_file)
    if array is not None:
        return ArraySource(folder, array, labels, class_names)

    def load_shaped(path):
        return tf.ensure_shape(load_file(path), shape)

    return FileSource(folder, shape, files, load_shaped, labels, class_names)


def find_images(folder):
    """Lists a folder.

    Returns:
        (paths sorted by name, labels or `None`, class names or `None`).
    """
    entries = sorted(entry for entry in os.listdir(folder) if not entry.startswith("."))
    flat = [os.path.join(folder, entry) for entry in entries if _is_image(entry)]
    classes = {
        entry: inside
        for entry in entries
        if os.path.isdir(os.path.join(folder, entry))
        and (inside := _images_below(os.path.join(folder, entry)))
    }
    if flat and classes:
        raise UserError(
            f"The folder {folder} holds images and also folders of images "
            f"({', '.join(list(classes)[:3])}): expected one or the other."
        )
    if not flat and not classes:
        raise UserError(
            f"There are no images in the folder {folder}. Expected files ending in "
            f"{', '.join(EXTENSIONS)}, directly or in one sub-folder a class."
        )
    if flat:
        return flat, None, None
    labels = [label for label, paths in enumerate(classes.values()) for _ in paths]
    return [path for paths in classes.values() for path in paths], labels, tuple(classes)


def _is_image(name):
    return name.lower().endswith(EXTENSIONS) and not name.startswith(".")


def _images_below(folder):
    return sorted(
        os.path.join(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if _is_image(name)
    )


def _decode_all(files, load_file):
    """Returns (shape, uint8 array [N, *shape] or `None` if it would not fit into memory)."""
    data = tf.data.Dataset.from_tensor_slices(files).map(
        load_file, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )
    decoded = iter(data.prefetch(tf.data.AUTOTUNE))
    shape, array, progress = None, None, None
    if len(files) >= _SHOW_PROGRESS:
        progress = keras.utils.Progbar(len(files), unit_name="image")
    for number, path in enumerate(files):
        try:
            image = next(decoded).numpy()
        except tf.errors.OpError as error:
            raise UserError(
                f"Cannot read the image {path}: {_reason(error)}. Repair or remove it."
            ) from None
        if progress:
            progress.update(number + 1)
        if shape is None:
            shape = image.shape
            if len(files) * image.nbytes <= IN_MEMORY_BYTES:
                array = np.empty((len(files), *shape), np.uint8)
        if image.shape != shape:
            raise UserError(
                f"The images have different sizes: {files[0]} is {shape[0]}x{shape[1]}, {path} is "
                f"{image.shape[0]}x{image.shape[1]}. Set --image_size."
            )
        if array is not None:
            array[number] = image
    return shape, array


def _reason(error):
    """Returns what a decoder said, without the names of the pipeline around it."""
    line = error.message.split("\n")[0].split("[[")[0]
    return re.sub(r"^.*(Iterator::[^ ]*|\}\}) ", "", line).strip().rstrip(".")
