"""Any image dataset of TensorFlow Datasets, by its name."""

import logging
import math
import sys

import numpy as np
import tensorflow as tf

from keras_gan.data import decoding, source, threads, unknown_dataset
from keras_gan.data.class_names import MOST_CLASSES
from keras_gan.data.contents import Contents
from keras_gan.data.scan import MixedSizesError
from keras_gan.data.tfds_features import ImageReader, find_images, find_labels
from keras_gan.errors import UserError, first_line


def load(name, split, data_dir, preparation, image_key=None, label_key=None, depth=None):
    """Returns a TensorFlow Datasets split as a `Source`; downloads it if need be.

    Images that fit into 4 GiB together after resizing stay in memory; larger
    datasets are streamed and shuffled within blocks of 10,000.

    Args:
        name: Name of the dataset, perhaps with configuration and version.
        split: Name of the split.
        data_dir: Where the data is kept, or `None` for the usual place.
        preparation: `images.Preparation`.
        image_key: Feature with the images. Default: `image`, or else the first of images.
        label_key: Feature with the labels: a ClassLabel, or whole numbers from 0. Default: the
            ClassLabel `label`, or else the only ClassLabel.
        depth: Bits that samples of uint16 use. Default: see `bit_depth.of_largest`.

    Raises:
        UserError: If the dataset or split does not exist, cannot be downloaded,
            or has no images; if there are no labels with the key.
    """
    builder = _prepared_builder(name, data_dir)
    splits = list(builder.info.splits)
    if splits and split.split("[")[0].split("+")[0] not in [*splits, "all"]:
        raise UserError(f"{name} has the splits {', '.join(splits)}. Received: --split={split}.")
    features = builder.info.features
    image_key = find_images(name, features, image_key)
    label_key, hint = find_labels(name, features, label_key)
    label = features[label_key] if label_key else None
    reader = ImageReader(features[image_key], preparation, depth)
    if None in reader.size and not isinstance(preparation.crop, tuple):
        raise MixedSizesError(f"The images of {name} have different sizes.")
    read = _examples(builder, split, image_key, label_key, reader)
    try:
        count = int(read().cardinality())
        first = next(read().as_numpy_iterator(), None)
        if first is not None:
            with decoding.quiet():
                class_names = _survey(name, read, reader, label)
                shape = (count, *reader(first["image"]).shape)
    except UserError:
        raise
    except (ValueError, tf.errors.OpError) as error:
        raise UserError(f"Cannot read --split={split} of {name}: {first_line(error)}") from None
    if first is None:
        raise UserError(f"The split {split} of {name} is empty.")
    fits = math.prod(shape) <= source.IN_MEMORY_BYTES
    with decoding.quiet():
        found = (_in_memory if fits else _streamed)(name, read, reader, shape, class_names)
    found.bit_depth, found.label_hint = reader.depth, hint
    facts = {"dataset": builder.info.full_name, "split": split, "number of examples": shape[0]}
    found.contents = Contents("property", facts)
    return found


def _examples(builder, split, image_key, label_key, reader):
    """Returns a function that returns the examples: dicts of `image`, not decoded, and `label`."""
    import tensorflow_datasets as tfds

    keys = {"image": image_key} | ({"label": label_key} if label_key else {})
    skip = {image_key: tfds.decode.SkipDecoding()} if reader.is_encoded else None
    # Other features are not read at all: TensorFlow's decoder would see their images.
    decoders = tfds.decode.PartialDecoding(dict.fromkeys(keys.values(), True), decoders=skip)

    def named(example):
        found = {key: example[own] for key, own in keys.items()}
        return found | ({"label": tf.cast(found["label"], tf.int64)} if label_key else {})

    def read():
        return builder.as_dataset(split=split, shuffle_files=False, decoders=decoders).map(named)

    return read


def _survey(name, read, reader, label):
    """Finds what only a look at all examples tells: the ranges of samples and of labels.

    Args:
        name: Name of the dataset, for messages.
        read: Function that returns the examples.
        reader: `ImageReader`, which is told the range.
        label: Feature with the labels, or `None`.

    Returns:
        The names of the classes, or `None` without labels.
    """
    counts_classes = label is not None and not getattr(label, "num_classes", None)
    if reader.needs_scale or counts_classes:

        def look(example):
            ends = reader.range(example["image"]) if reader.needs_scale else (0, 0)
            return *ends, example.get("label", 0)

        smallest, largest = np.inf, -np.inf
        for row in threads.in_order(look, read().as_numpy_iterator()):
            smallest, largest = np.minimum(smallest, row), np.maximum(largest, row)
        if counts_classes and not (0 <= smallest[2] and largest[2] < MOST_CLASSES):
            raise UserError(
                f"Expected labels of {name} from 0 to {MOST_CLASSES - 1}. Received: from "
                f"{smallest[2]:.0f} to {largest[2]:.0f}. Choose others by --label_key."
            )
        if reader.needs_scale:
            reader.scale(name, smallest[0], largest[1])
    if counts_classes:
        return tuple(map(str, range(int(largest[2]) + 1)))
    return None if label is None else tuple(label.names)


def _in_memory(name, read, reader, shape, class_names):
    array, labels, number = np.empty(shape, np.uint8), [], 0

    def load(example):
        return reader(example["image"]), example.get("label", 0)

    try:
        for number, (image, label) in enumerate(threads.in_order(load, read().as_numpy_iterator())):
            array[number] = image
            labels.append(label)
    except (decoding.BadImageError, tf.errors.OpError) as error:
        raise UserError(
            f"Cannot read {name} beyond example {number}: {first_line(error)}"
        ) from None
    return source.ArraySource(name, array, labels if class_names else None, class_names)


def _streamed(name, read, reader, shape, class_names):
    count, *shape = shape

    def decoded(batch):
        return {**batch, "image": threads.in_graph(reader, batch["image"], shape)}

    if reader.is_encoded:
        return source.StreamSource(name, shape, count, read, decoded, class_names)

    def read_small():  # The shuffle holds blocks of examples: arrays as bytes, in the final size.
        return read().batch(1).map(decoded).unbatch()

    return source.StreamSource(name, shape, count, read_small, lambda batch: batch, class_names)


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
