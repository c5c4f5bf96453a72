"""A folder of images, flat or with one sub-folder a class."""

import functools
import os
import re

from keras_gan.data import decoding, images, scan, source
from keras_gan.data.class_names import in_order
from keras_gan.data.contents import Contents
from keras_gan.errors import UserError

EXTENSIONS = (
    ".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif", ".jp2",
    ".ppm", ".pgm", ".pbm",
)  # fmt: skip
_SPLIT = re.compile(r"(train|training|val|valid|validation|test|testing|dev)[_-]?([ab]?)", re.I)


def load(folder, split, preparation, on_bad_image="fail", depth=None, recorded=None):
    """Returns the images of a folder as a `Source`.

    Every image is looked at and decoded once before training, so that a file
    that cannot be used is reported by name at the start. Images that fit into
    4 GiB together after resizing stay in memory.

    Args:
        folder: Path of the folder.
        split: `"train"`, the only one that a folder has.
        preparation: `images.Preparation`.
        on_bad_image: See `scan.Scan.settle`.
        depth: Bits that the samples of 16-bit images use, 8 to 16. Default: 16, or fewer if all
            stay below an eighth of the range, see `bit_depth.of_largest`.
        recorded: Names of the classes that a run has recorded; see `class_names.in_order`.

    Raises:
        UserError: If the folder is empty or ambiguous, its sub-folders are splits, a file
            cannot be used, or sizes differ without an image size to bring them to.
    """
    if split != "train":
        raise UserError(
            "A folder has no splits; name the sub-folder itself as --dataset. Received: "
            f"--split={split}."
        )
    classes, others = find_images(folder)
    if others:
        print(
            f"{folder}: passing over {others:,} files that end in none of {', '.join(EXTENSIONS)}"
        )
    _refuse_splits(folder, classes)
    if None not in classes:
        classes = {name: classes[name] for name in in_order(classes, recorded)}
    labels = {path: label for label, files in enumerate(classes.values()) for path in files}
    class_names = None if list(classes) == [None] else tuple(classes)
    preparation = images.Preparation(preparation.channels or 3, preparation.size, preparation.crop)
    seen = scan.Scan(folder, list(labels), preparation, source.IN_MEMORY_BYTES, depth)
    seen.run()
    seen.settle(on_bad_image)
    files = [path for path in labels if path not in seen.bad]
    labels = [labels[path] for path in files] if class_names else None
    if seen.array is not None:
        found = source.ArraySource(folder, seen.array, labels, class_names)
    else:
        encoded = [os.fsencode(path) for path in files]
        read = functools.partial(_read, preparation, seen.depth)
        found = source.FileSource(folder, seen.shape, encoded, read, labels, class_names)
    found.bit_depth = seen.depth
    sizes = {os.path.relpath(path, folder): os.path.getsize(path) for path in files}
    found.contents = Contents("file", {k.replace(os.sep, "/"): v for k, v in sizes.items()})
    return found


def _refuse_splits(folder, classes):
    """Raises `UserError` if every sub-folder is named like a split: they would become classes."""
    splits = {name: _SPLIT.fullmatch(name or "") for name in classes}
    if not all(splits.values()):
        return
    sides = sorted(splits, key=lambda name: (not name.lower().startswith("train"), name))
    first = os.path.join(folder, sides[0])
    advice = f"--dataset={first}"
    if splits[sides[0]][2] and len(sides) > 1 and splits[sides[1]][2]:
        advice += f" --target={os.path.join(folder, sides[1])}"
    raise UserError(
        f"The sub-folders of {folder} are named like splits, expected one folder for each class. "
        f"Received: {', '.join(classes)}. Name the one to use, such as {advice}. If they are "
        "classes, rename them."
    )


def _read(preparation, depth, path):
    """Returns the prepared image of a file that the scan found to be good."""
    try:
        with open(path, "rb") as file:
            return decoding.read(file.read(), preparation, depth)
    except (OSError, decoding.BadImageError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{os.fsdecode(path)}: {reason}") from None


def find_images(folder):
    """Lists the images of a folder. Names that begin with a dot are passed over.

    Returns:
        (paths by class name, number of other files). The only key is `None`
        where the images are not in sub-folders. Paths are sorted. A linked
        folder, which is not gone into, is listed as if it were an image.

    Raises:
        UserError: If there are no images, or they are both in the folder and in
            sub-folders, or a folder cannot be read.
    """
    found, others = {}, 0
    try:
        for parent, folders, names in os.walk(folder, onerror=_refuse):
            folders[:] = [name for name in folders if not name.startswith(".")]
            names = [name for name in names if not name.startswith(".")]
            images_here = [name for name in names if name.lower().endswith(EXTENSIONS)]
            others += len(names) - len(images_here)
            linked = [name for name in folders if os.path.islink(os.path.join(parent, name))]
            inside = os.path.relpath(parent, folder)
            for name in images_here + linked:
                top = name if name in linked else None
                top = top if inside == "." else inside.split(os.sep)[0]
                found.setdefault(top, []).append(os.path.join(parent, name))
    except RecursionError:
        raise UserError(f"The folders in {folder} are nested too deeply.") from None
    classes = sorted(name for name in found if name is not None)
    if None in found and classes:
        raise UserError(
            f"The folder {folder} holds images and also folders of images "
            f"({', '.join(classes[:3])}): expected one or the other."
        )
    if not found:
        raise UserError(
            f"There are no images in the folder {folder}. Expected files ending in "
            f"{', '.join(EXTENSIONS)}, directly or in one sub-folder a class."
        )
    return {name: sorted(found[name]) for name in classes or [None]}, others


def _refuse(error):
    raise UserError(f"Cannot read the folder {error.filename}: {error.strerror}.")
