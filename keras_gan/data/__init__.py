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
    class_names=None,
    image_key=None,
    label_key=None,
    bit_depth=None,
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
        class_names: Names of the classes in the order that a run has recorded. Those of them
            that a folder has keep their labels. Default: sorted, whole numbers by value.
        image_key: Feature of a TensorFlow Datasets set with the images; see `tfds_source.load`.
        label_key: Feature of a TensorFlow Datasets set with the labels.
        bit_depth: Bits that the samples of 16-bit images use, 8 to 16, or a dict of them by
            batch key (`Source.bit_depths`). Default: 16, or fewer if all images of the dataset
            stay below an eighth of the range; that is printed.

    Returns:
        A `Source`: its `shapes`, its `num_classes`, and `batches(...)`; with `target` it is
        `domains.Domains`.

    Raises:
        UserError: If there is no such dataset, or it cannot be read.
    """
    from keras_gan.data import domains, images

    preparation = images.Preparation.parse(channels, image_size, crop)
    depths = bit_depth if isinstance(bit_depth, dict) else dict.fromkeys("ab", bit_depth)
    if not all(depth in (None, *range(8, 17)) for depth in depths.values()):
        raise UserError(f"--bit_depth must be from 8 to 16. Received: {bit_depth}.")
    data_dir = None if data_dir is None else os.path.expanduser(data_dir)
    keys = {"image_key": image_key, "label_key": label_key}
    kind = (split, data_dir, preparation, on_bad_image)
    depth = depths.get("image", depths.get("a"))
    first = _described("dataset", name, depth, *kind, keys, class_names)
    if target is None:
        return first
    return domains.Domains(
        first, _described("target", target, depths.get("b"), *kind, {"image_key": image_key})
    )


def _described(flag, name, depth, split, *how):
    """Returns the `Source` that `--flag=name` names, which knows its `Contents`."""
    from keras_gan.data.contents import Contents

    source = _load_one(flag, name, depth, split, *how)
    if source.contents is None:  # It is no file of the user's, so its name says what it is.
        known = {"dataset": name, "split": split, "number of examples": source.num_examples}
        source.contents = Contents("property", known)
    return source


def _load_one(
    flag, name, depth, split, data_dir, preparation, on_bad_image, keys, class_names=None
):
    """Returns the `Source` that `--flag=name` names."""
    from keras_gan.data import arrays, digits, folder, mixtures, outlines, sequences, tfds_source

    name = os.path.expanduser(os.fspath(name))
    is_own = os.path.exists(name) or name in BUILT_IN
    for key, value in keys.items():
        if is_own and flag == "dataset" and value is not None:
            raise UserError(
                f"--{key} is for sets of TensorFlow Datasets. Received: --{key}={value} with "
                f"--dataset={name}. Drop it."
            )
    if os.path.isdir(name):
        return folder.load(name, split, preparation, on_bad_image, depth, class_names)
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
    return tfds_source.load(name, split, data_dir, preparation, depth=depth, **keys)


def unknown_dataset(name, known):
    """Returns the error for a name that is neither folder, built-in nor in `known`."""
    return UserError(
        f"There is no folder and no dataset {name!r}.{did_you_mean(name, [*BUILT_IN, *known])} "
        f"Expected a folder of images, an .npz file, a built-in ({', '.join(BUILT_IN)}) or a "
        "TensorFlow Datasets name."
    )
