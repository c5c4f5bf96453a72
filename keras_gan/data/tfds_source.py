"""Any image dataset of TensorFlow Datasets, by its name."""

import logging
import math
import sys

import numpy as np
import tensorflow as tf

from keras_gan.data import decoding, images, source, threads, unknown_dataset
from keras_gan.data.contents import Contents
from keras_gan.errors import UserError, first_line


def load(name, split, data_dir, preparation):
    """Returns a TensorFlow Datasets split as a `Source`; downloads it if need be.

    Images that fit into 4 GiB together after resizing stay in memory; larger
    datasets are streamed and shuffled within blocks of 10,000.

    Raises:
        UserError: If the dataset or split does not exist, cannot be downloaded,
            or has no images.
    """
    import tensorflow_datasets as tfds

    builder = _prepared_builder(name, data_dir)
    splits = list(builder.info.splits)
    if splits and split.split("[")[0].split("+")[0] not in [*splits, "all"]:
        raise UserError(f"{name} has the splits {', '.join(splits)}. Received: --split={split}.")
    features = builder.info.features
    image_keys = [key for key in features if isinstance(features[key], tfds.features.Image)]
    if not image_keys:
        raise UserError(f"{name} has no images; its features are: {', '.join(features)}.")
    image_key = "image" if "image" in image_keys else image_keys[0]
    label = features["label"] if "label" in features else None
    class_names = tuple(label.names) if isinstance(label, tfds.features.ClassLabel) else None
    size = preparation.size or features[image_key].shape[:2]
    if None in size and not isinstance(preparation.crop, tuple):
        raise UserError(f"The images of {name} have different sizes. Set --image_size.")
    channels = preparation.channels or features[image_key].shape[2] or 3
    preparation = images.Preparation(channels, preparation.size, preparation.crop)
    kept = [image_key, "label"] if class_names else [image_key]

    def read():
        raw = builder.as_dataset(
            split=split, shuffle_files=False, decoders={image_key: tfds.decode.SkipDecoding()}
        )
        return raw.map(lambda example: {key: example[key] for key in kept})

    def prepare(data):
        return decoding.read(data, preparation)

    try:
        count = int(read().cardinality())
        first = next(read().as_numpy_iterator(), None)
        shape = first and prepare(first[image_key]).shape
    except (ValueError, tf.errors.OpError) as error:
        raise UserError(f"Cannot read --split={split} of {name}: {first_line(error)}") from None
    if first is None:
        raise UserError(f"The split {split} of {name} is empty.")
    facts = {"dataset": builder.info.full_name, "split": split, "number of examples": count}
    if count * math.prod(shape) <= source.IN_MEMORY_BYTES:
        found = _in_memory(name, read, image_key, prepare, (count, *shape), class_names)
        found.contents = Contents("property", facts)
        return found

    def decode(batch):
        prepared = {"image": threads.in_graph(prepare, batch[image_key], shape)}
        return {**prepared, "label": batch["label"]} if class_names else prepared

    found = source.StreamSource(name, shape, count, read, decode, class_names)
    found.contents = Contents("property", facts)
    return found


def _in_memory(name, read, image_key, prepare, shape, class_names):
    array, labels, number = np.empty(shape, np.uint8), [], 0

    def load(example):
        return prepare(example[image_key]), example.get("label", 0)

    try:
        for number, (image, label) in enumerate(threads.in_order(load, read().as_numpy_iterator())):
            array[number] = image
            labels.append(label)
    except (decoding.BadImageError, tf.errors.OpError) as error:
        raise UserError(
            f"Cannot read {name} beyond example {number}: {first_line(error)}"
        ) from None
    return source.ArraySource(name, array, labels if class_names else None, class_names)


def _prepared_builder(name, data_dir):
    import tensorflow_datasets as tfds

    logging.getLogger("urllib3").setLevel(logging.ERROR)  # It reports every retry.
    if sys.stderr is None or not sys.stderr.isatty():
        tfds.disable_progress_bar()  # Its escape codes would spoil a log file.
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:
        raise unknown_dataset(name, tfds.list_builders(with_community_datasets=False)) from None
    except Exception as error:  # A bad version, configuration or name raises many things.
        raise UserError(f"Cannot open the dataset {name!r}: {first_line(error)}") from None
    try:
        builder.download_and_prepare()
    except Exception as error:  # Many libraries raise here; each means that there is no data.
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise UserError(
            f"Cannot download the dataset {name!r} ({reason.rstrip(': ')[:160]}). Connect to the "
            "internet, or prepare it elsewhere and pass its folder as --data_dir, or train on "
            "--dataset=digits, which needs no download."
        ) from None
    return builder
