"""The real examples that something is judged against."""

import os
from typing import NamedTuple

from keras_gan.data import load_dataset
from keras_gan.data.source import Source
from keras_gan.errors import UserError


class Reference(NamedTuple):
    """What is judged against.

    Attributes:
        source: Real examples to compare with.
        training: Examples that a classifier is trained on.
        split: The split of `source`.
        crop: How images were cropped.
        is_own: Whether `training` is what the judged run was trained on.
        held_out: Real examples to judge as well, or `None`.
    """

    source: Source
    training: Source
    split: str
    crop: str
    is_own: bool
    held_out: Source | None = None

    @property
    def name(self):
        """The dataset's name, of a folder without the path to it."""
        name = self.source.name
        return os.path.basename(os.path.normpath(name)) if os.path.isdir(name) else name


def load_reference(options, config=None, shape=None):
    """Returns the `Reference` for a run of this configuration and shape, or for no run.

    Args:
        options: `evaluate.Options`.
        config: `Config` of the run, or `None`.
        shape: Shape of its examples, or `None`.

    Raises:
        UserError: If the dataset cannot be loaded, or has other examples than the run; if what is
            held out is what is judged against, or has other classes.
    """
    own = config is not None and options.dataset in (None, config.dataset)
    name = config.dataset if own else options.dataset
    trained = config.split if own else "train"
    split = options.split or trained
    crop = options.crop or (config.crop if config else "center")
    size, channels = options.image_size, options.channels
    if shape is not None and len(shape) == 3:
        size, channels = f"{shape[0]}x{shape[1]}", shape[2]

    def load(split, name=name):
        return load_dataset(
            name,
            split=split,
            data_dir=options.data_dir or (config.data_dir if own else None),
            channels=channels,
            image_size=size,
            crop=crop,
            on_bad_image=config.on_bad_image if own else options.on_bad_image,
        )

    source = load(split)
    if shape is not None and source.shape != tuple(shape):
        raise UserError(
            f"Expected a dataset of examples {tuple(shape)}, like the run's. Received: {name} of "
            f"{source.shape}. Give another --dataset."
        )
    training = source if split == trained else load(trained)
    seen = {(name, split), (config.dataset, config.split) if config else (name, trained)}
    held_out = None
    if options.held_out is not None:
        held_out = _held_out(options.held_out, source, seen, load)
    return Reference(source, training, split, crop, own, held_out)


def _held_out(chosen, source, seen, load):
    """Returns the `Source` of `--held_out`: a split, or for a folder another folder.

    Args:
        chosen: What `--held_out` says.
        source: `Source` that is judged against.
        seen: Pairs (dataset, split) that are judged against or were trained on.
        load: Function from a split and a folder to its `Source`.
    """
    is_folder = os.path.isdir(source.name)
    if is_folder and not os.path.isdir(chosen):
        raise UserError(
            f"{source.name} is a folder, which has no splits: --held_out must be another folder of "
            f"images. Received: {chosen}."
        )
    if is_folder:
        folders = [name for name, _ in seen if os.path.isdir(name)]
        is_seen = any(os.path.samefile(chosen, folder) for folder in folders)
    else:
        is_seen = chosen == "all" or (source.name, chosen) in seen
    if is_seen:
        raise UserError(
            "--held_out must be another split or folder than that judged against or trained on. "
            f"Received: {chosen}."
        )
    if not is_folder:
        return load(chosen)
    held_out = load("train", chosen)
    if source.class_names and held_out.class_names != source.class_names:
        names = [", ".join((x.class_names or ["no classes"])[:10]) for x in (source, held_out)]
        raise UserError(
            f"--held_out must have the classes of {source.name} ({names[0]}). Received: {chosen} "
            f"with {names[1]}."
        )
    return held_out
