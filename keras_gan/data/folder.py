"""A folder of images, flat or with one sub-folder a class."""

import os

import tensorflow as tf

from keras_gan.data import images, scan, source
from keras_gan.errors import UserError

EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


def load(folder, split, preparation, on_bad_image="fail"):
    """Returns the images of a folder as a `Source`.

    Every image is looked at and decoded once before training, so that a file
    that cannot be used is reported by name at the start. Images that fit into
    4 GiB together after resizing stay in memory.

    Args:
        folder: Path of the folder.
        split: `"train"`, the only one that a folder has.
        preparation: `images.Preparation`.
        on_bad_image: See `scan.Scan.settle`.

    Raises:
        UserError: If the folder is empty or ambiguous, a file cannot be used,
            or sizes differ without an image size to bring them to.
    """
    if split != "train":
        raise UserError(
            "A folder has no splits; name the sub-folder itself as --dataset. Received: "
            f"--split={split}."
        )
    classes = find_images(folder)
    labels = {path: label for label, files in enumerate(classes.values()) for path in files}
    class_names = None if list(classes) == [None] else tuple(classes)
    preparation = images.Preparation(preparation.channels or 3, preparation.size, preparation.crop)

    def load_file(path):
        return preparation(images.decode(tf.io.read_file(path)))

    seen = scan.Scan(folder, list(labels))
    shape, array = seen.decode(seen.check_headers(), load_file, source.IN_MEMORY_BYTES)
    seen.settle(on_bad_image)
    files = [path for path in labels if path not in seen.bad]
    labels = [labels[path] for path in files] if class_names else None
    if array is not None:
        return source.ArraySource(folder, array, labels, class_names)

    def load_shaped(path):
        return tf.ensure_shape(load_file(path), shape)

    return source.FileSource(folder, shape, files, load_shaped, labels, class_names)


def find_images(folder):
    """Lists a folder.

    Returns:
        Paths sorted by name, by class name; by `None` if there are no classes.
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
    return classes or {None: flat}


def _is_image(name):
    return name.lower().endswith(EXTENSIONS) and not name.startswith(".")


def _images_below(folder):
    """Returns the images below a folder, and linked folders, which are not gone into."""
    found = []
    for parent, folders, names in os.walk(folder):
        inside = [os.path.join(parent, name) for name in folders]
        found += [path for path in inside if os.path.islink(path)]
        found += [os.path.join(parent, name) for name in names if _is_image(name)]
    return sorted(found)
