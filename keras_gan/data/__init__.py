"""Datasets: a folder of images, an .npz file, a built-in, or a TensorFlow Datasets name."""

import os

from keras_gan.errors import UserError, did_you_mean

BUILT_IN = ("digits", "strokes", "edges", "grid", "ring", "arithmetic")


def load_dataset(
    name,
    *,
    split="train",
    data_dir=None,
    channels=None,
    image_size=None,
    crop="center",
    on_bad_image="fail",
    target=None,
):
    """Loads a dataset by name, or two for systems that translate between them.

    Args:
        name: An existing folder or .npz file (see `arrays.load`), a built-in or a TensorFlow
            Datasets name such as `mnist` or `name/config:version`, tried in that order. The
            built-ins are `digits`, `strokes` and `edges` (images), `ring` and `grid` (points) and
            `arithmetic` (sequences of tokens).
        split: Name of the split. A folder has only `train`.
        data_dir: Where TensorFlow Datasets keeps its data.
        channels: 1, 3 or 4. Default: the dataset's own, and 3 for a folder.
        image_size: `N` or `HEIGHTxWIDTH`. Default: the dataset's own size.
        crop: `center`, `none`, `N` or `HEIGHTxWIDTH`; see `images.Preparation`.
        on_bad_image: What to do with a file of a folder that cannot be used:
            `fail`, or `skip` it as long as such files are at most 1 %.
        target: A second dataset, named and prepared like the first one.

    Returns:
        A `Source`: its `shapes`, its `num_classes`, and `batches(...)`; with `target` it is
        `domains.Domains`.

    Raises:
        UserError: If there is no such dataset, or it cannot be read.
    """
    from keras_gan.data import domains, images

    preparation = images.Preparation.parse(channels, image_size, crop)
    first = _load_one("dataset", name, split, data_dir, preparation, on_bad_image)
    if target is None:
        return first
    second = _load_one("target", target, split, data_dir, preparation, on_bad_image)
    return domains.Domains(first, second)


def _load_one(flag, name, split, data_dir, preparation, on_bad_image):
    """Returns the `Source` that `--flag=name` names."""
    from keras_gan.data import arrays, digits, folder, mixtures, outlines, sequences, tfds_source

    if os.path.isdir(name):
        return folder.load(name, split, preparation, on_bad_image)
    if os.path.exists(name) and name.endswith(".npz"):
        return arrays.load(name, split, preparation)
    if os.path.exists(name):
        raise UserError(
            f"--{flag} names a file, expected a folder of images or an .npz file. Received: {name}."
        )
    if name == "digits":
        return digits.load(split, preparation)
    if name in ("strokes", "edges"):
        return outlines.load(name, split, preparation)
    if name == "arithmetic":
        return sequences.load_arithmetic(split, preparation)
    if name in BUILT_IN:
        return mixtures.load(name, split, preparation)
    if name.endswith(".npz"):
        raise UserError(f"There is no file {name!r}. Check --{flag}.")
    if name.startswith((".", "~")) or os.path.isabs(name) or name.endswith("/"):
        raise UserError(f"There is no folder {name!r}. Check --{flag}.")
    return tfds_source.load(name, split, data_dir, preparation)


def unknown_dataset(name, known):
    """Returns the error for a name that is neither folder, built-in nor in `known`."""
    return UserError(
        f"There is no folder and no dataset {name!r}.{did_you_mean(name, [*BUILT_IN, *known])} "
        f"Expected a folder of images, an .npz file, a built-in ({', '.join(BUILT_IN)}) or a "
        "TensorFlow Datasets name."
    )
