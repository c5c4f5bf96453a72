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
        load: Function from the name of a split to its `Source`.
    """

    source: Source
    training: Source
    split: str
    crop: str
    is_own: bool
    load: object

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
        UserError: If the dataset cannot be loaded, or has other examples than the run.
    """
    own = config is not None and options.dataset in (None, config.dataset)
    name = config.dataset if own else options.dataset
    trained = config.split if own else "train"
    split = options.split or trained
    crop = options.crop or (config.crop if config else "center")
    size, channels = options.image_size, options.channels
    if shape is not None and len(shape) == 3:
        size, channels = f"{shape[0]}x{shape[1]}", shape[2]

    def load(split):
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
    return Reference(source, training, split, crop, own, load)
