"""Trains a small classifier on labelled images in under a minute, and keeps it in a cache.

It gives features and class probabilities where no published network is at hand. Numbers by it
compare only with numbers by the same weights.
"""

import contextlib
import os

import keras
import numpy as np
import tensorflow as tf

from keras_gan.data.source import floats
from keras_gan.drawing.pictures import to_bytes
from keras_gan.errors import UserError
from keras_gan.evaluation.digests import digest_of
from keras_gan.evaluation.shrinking import shrunk
from keras_gan.files import replacing

_RECIPE = "2"  # To be raised with any change below, so that what was kept before is not used.
SIDE = 32
_MOST = 20_000  # Examples.
_HELD_OUT = 0.1
_STEPS, _BATCH, _RATE = 500, 64, 1e-3
_FEATURES = 64


def classifier_for(source):
    """Returns a network for a labelled `Source`, and its description.

    It trains on the first 20,000 examples in serving order; a tenth of them measures
    its accuracy. The trained weights are kept in the user's cache, under a name
    that depends on these examples and on how the network is trained.

    Returns:
        (keras.Model from images in [-1, 1], `shrunk` to `SIDE`, to [features
        [N, 64], probabilities [N, classes]]; a description of it; its accuracy).

    Raises:
        UserError: If there are fewer than two classes.
    """
    if not source.num_classes:
        others = "Use --features=inception or pixels, or a folder with one sub-folder a class."
        raise UserError(
            f"--features=classifier needs labels, and {source.name} has none. "
            f"{source.label_hint or others}"
        )
    images, labels = _examples(source)
    if labels.min() < 0:
        raise UserError(
            f"--features=classifier needs labels, and some examples of {source.name} have none "
            f"({np.count_nonzero(labels < 0):,} of the label {labels.min()}). Use another --split, "
            "or --features=inception or pixels."
        )
    if len(np.unique(labels)) < 2:
        raise UserError(
            f"--features=classifier needs at least two classes. Received: {source.name} with "
            f"one, {source.class_names[labels[0]]!r}. Use --features=inception or pixels."
        )
    network = _network(images.shape[1:], source.num_classes)
    path = _cache_path(images, labels, source)
    held_out = max(1, round(_HELD_OUT * len(images)))
    right = _kept(path, network)
    if right is None:
        print(f"Training a classifier on {source.name} ({len(images):,} examples) ...", flush=True)
        _train(network, images[held_out:], labels[held_out:])
        right = accuracy(network, images[:held_out], labels[:held_out])
        _keep(path, network, right)
        print(f"It is right on {100 * right:.1f} % of {held_out:,} that it was not shown.")
    about = f"a small classifier, right on {100 * right:.1f} % of {held_out:,} held-out examples"
    return network, about, right


def trained(images, labels, num_classes):
    """Returns such a network, trained on these images and labels; nothing is kept.

    Args:
        images: Array uint8 [N, height, width, channels].
        labels: Integers [N].
        num_classes: Number of classes.
    """
    images = _shrunk(images)
    network = _network(images.shape[1:], num_classes)
    _train(network, images, labels)
    return network


def accuracy(network, images, labels):
    """Returns the share of images, uint8, that a network of `trained` takes for their labels."""
    images, right = _shrunk(images), 0
    for start in range(0, len(images), _BATCH):
        part = floats(images[start : start + _BATCH])
        answers = np.argmax(network(part, training=False)[1], axis=1)
        right += np.count_nonzero(answers == labels[start : start + _BATCH])
    return right / len(images)


def _examples(source):
    """Returns (images uint8, labels) to train on, in serving order."""
    count = min(source.num_examples, _MOST)
    images, labels = [], []
    for batch in source.batches(min(_BATCH, count)).take(-(-count // min(_BATCH, count))):
        images.append(to_bytes(shrunk(batch["image"], SIDE).numpy()))
        labels.append(batch["label"].numpy())
    return np.concatenate(images)[:count], np.concatenate(labels)[:count]


def _network(shape, classes):
    """Returns the untrained network. Its layers have seeds of their own: nothing else is drawn."""

    def weights(seed):
        return keras.initializers.HeNormal(seed=seed)

    x = images = keras.Input(shape, name="images")
    for level in range(3):
        x = keras.layers.Conv2D(
            32 * 2**level, 3, padding="same", use_bias=False, kernel_initializer=weights(level)
        )(x)
        x = keras.layers.MaxPooling2D(2, padding="same")(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(_FEATURES, use_bias=False, kernel_initializer=weights(3))(x)
    # Of mean 0 and variance 1 on real images, whatever the dataset.
    features = keras.layers.BatchNormalization(momentum=0.9, center=False, scale=False)(x)
    answers = keras.layers.Dense(classes, activation="softmax", kernel_initializer=weights(4))
    return keras.Model(
        images, [features, answers(keras.layers.ReLU()(features))], name="classifier"
    )


def _train(network, images, labels):
    draw = np.random.default_rng(0)
    epochs = -(-_STEPS * _BATCH // len(images))
    order = np.concatenate([draw.permutation(len(images)) for _ in range(epochs)])
    rows = tf.data.Dataset.from_tensor_slices(order[: _STEPS * _BATCH]).batch(_BATCH)
    with tf.device("CPU:0"):
        images, labels = tf.constant(images), tf.constant(labels)

    def fetch(rows):
        return floats(tf.gather(images, rows)), tf.gather(labels, rows)

    answers = keras.Model(network.inputs, network.outputs[1])
    rate = keras.optimizers.schedules.CosineDecay(_RATE, _STEPS)
    answers.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    answers.fit(rows.map(fetch), verbose=0, shuffle=False)


def _shrunk(images):
    """Returns uint8 images at most `SIDE` a side."""
    if max(images.shape[1:3]) <= SIDE:
        return images
    parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
    return np.concatenate([to_bytes(shrunk(floats(part), SIDE).numpy()) for part in parts])


def _cache_path(images, labels, source):
    told = f"{_RECIPE} {source.shape} {source.num_classes}".encode()
    digest = digest_of(told, images, labels)[:16]
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "keras_gan", f"classifier-{digest}.npz")


def _kept(path, network):
    """Restores weights that were kept; returns their accuracy, or `None` if there are none."""
    try:
        with open(path, "rb") as file, np.load(file) as kept:
            weights = [kept[f"weight_{i}"] for i in range(len(network.weights))]
            accuracy, digest = float(kept["accuracy"]), str(kept["digest"])
        if digest_of(*weights) != digest:
            return None
        network.set_weights(weights)
    except Exception:  # Damage makes the reader of archives raise many things.
        return None
    return accuracy


def _keep(path, network, accuracy):
    values = network.get_weights()
    weights = {f"weight_{i}": value for i, value in enumerate(values)}
    with (
        contextlib.suppress(OSError),  # It is then trained again the next time.
        replacing(path) as temporary,
        open(temporary, "wb") as file,
    ):
        np.savez(file, accuracy=accuracy, digest=digest_of(*values), **weights)
