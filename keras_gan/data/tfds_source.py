"""Any image dataset of TensorFlow Datasets, by its name."""

import tensorflow as tf

from keras_gan.data import folder, images, unknown_dataset
from keras_gan.data.source import ArraySource, StreamSource
from keras_gan.errors import UserError


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

    def prepare(example):
        prepared = {"image": preparation(example[image_key])}
        return {**prepared, "label": example["label"]} if class_names else prepared

    def read(decoders=None):
        return builder.as_dataset(split=split, shuffle_files=False, decoders=decoders)

    return _in_memory(name, read().map(prepare, tf.data.AUTOTUNE), class_names) or _streamed(
        name, read, image_key, prepare, class_names
    )


def _prepared_builder(name, data_dir):
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:
        raise unknown_dataset(name, tfds.list_builders(with_community_datasets=False)) from None
    except (ValueError, AssertionError, tfds.core.registered.PackageNotFoundError) as error:
        reason = str(error).split("\n")[0]
        raise UserError(f"Cannot open the dataset {name!r}: {reason}") from None
    try:
        builder.download_and_prepare()
    except Exception as error:  # Many libraries raise here; each means that there is no data.
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        raise UserError(
            f"Cannot download the dataset {name!r} ({reason.rstrip(': ')[:160]}). Connect to the "
            "internet, or prepare it elsewhere and pass its folder as --data_dir, or train on "
            "--dataset=digits, which needs no download."
        ) from None
    return builder


def _in_memory(name, dataset, class_names):
    """Returns an `ArraySource`, or `None` if the images would not fit into memory."""
    kept, labels, size = [], [], 0
    for example in dataset.prefetch(tf.data.AUTOTUNE).as_numpy_iterator():
        kept.append(example["image"])
        labels.append(example.get("label"))
        size += example["image"].nbytes
        if size > folder.IN_MEMORY_BYTES:
            return None
    if not kept:
        raise UserError(f"The chosen split of {name} is empty.")
    return ArraySource(name, tf.stack(kept).numpy(), labels if class_names else None, class_names)


def _streamed(name, read, image_key, prepare, class_names):
    """Returns a `StreamSource` that decodes only the images that it serves."""
    import tensorflow_datasets as tfds

    shape = next(iter(read().map(prepare)))["image"].shape
    kept = [image_key, "label"] if class_names else [image_key]

    def read_undecoded():
        raw = read({image_key: tfds.decode.SkipDecoding()})
        return raw.map(lambda example: {key: example[key] for key in kept})

    def decode(example):
        prepared = prepare({**example, image_key: images.decode(example[image_key])})
        return {**prepared, "image": tf.ensure_shape(prepared["image"], shape)}

    count = int(read_undecoded().cardinality())
    return StreamSource(name, shape, count, read_undecoded, decode, class_names)
