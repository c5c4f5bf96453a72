"""Datasets: a folder of images, a built-in, or anything in TensorFlow Datasets."""

import os

from keras_gan.errors import UserError, did_you_mean

BUILT_IN = ("digits", "grid", "ring")


def load_dataset(
    name,
    *,
    split="train",
    data_dir=None,
    channels=None,
    image_size=None,
    crop="center",
    on_bad_image="fail",
):
    """Loads a dataset by name.

    Args:
        name: An existing folder, a built-in (`digits`, `ring`, `grid`) or a
            TensorFlow Datasets name such as `mnist` or `name/config:version`,
            tried in that order.
        split: Name of the split. A folder has only `train`.
        data_dir: Where TensorFlow Datasets keeps its data.
        channels: 1, 3 or 4. Default: the dataset's own, and 3 for a folder.
        image_size: `N` or `HEIGHTxWIDTH`. Default: the dataset's own size.
        crop: `center`, `none`, `N` or `HEIGHTxWIDTH`; see `images.Preparation`.
        on_bad_image: What to do with a file of a folder that cannot be used:
            `fail`, or `skip` it as long as such files are at most 1 %.

    Returns:
        A `Source`: its `shape`, its `num_classes`, and `batches(...)`.

    Raises:
        UserError: If there is no such dataset, or it cannot be read.
    """
    from keras_gan.data import digits, folder, images, mixtures, tfds_source

    preparation = images.Preparation.parse(channels, image_size, crop)
    if os.path.isdir(name):
        return folder.load(name, split, preparation, on_bad_image)
    if os.path.exists(name):
        raise UserError(f"--dataset names a file, expected a folder of images. Received: {name}.")
    if name == "digits":
        return digits.load(split, preparation)
    if name in BUILT_IN:
        return mixtures.load(name, split, preparation)
    if name.startswith((".", "~")) or os.path.isabs(name) or name.endswith("/"):
        raise UserError(f"There is no folder {name!r}. Check --dataset.")
    return tfds_source.load(name, split, data_dir, preparation)


def unknown_dataset(name, known):
    """Returns the error for a name that is neither folder, built-in nor in `known`."""
    return UserError(
        f"There is no folder and no dataset {name!r}.{did_you_mean(name, [*BUILT_IN, *known])} "
        f"Expected a folder of images, a built-in ({', '.join(BUILT_IN)}) or a TensorFlow Datasets "
        "name."
    )
