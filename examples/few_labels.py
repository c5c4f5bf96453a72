"""Learns digits from few labels, with and without the unlabelled images.

python examples/few_labels.py --labels_per_class=10 --seeds=3

The discriminator of the system `semi` sees all images and few labels. For comparison, the same
network with the same optimizer sees only the labelled images. Both are tested on the split `test`.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from keras_gan import models
from keras_gan.data import load_dataset
from keras_gan.data.few_labels import keep_labels
from keras_gan.data.source import ArraySource

SIDE, BATCH, RATE = 16, 64, 1e-3
ARGUMENTS = {"width": 32, "kernel_size": 4, "latent_dim": 64, "normalization": "batch"}


def trained(source, steps, seed, game_weight):
    """Trains `semi` and returns its discriminator."""
    keras.utils.set_random_seed(seed)
    arguments = {"num_classes": source.num_classes, "game_weight": game_weight, **ARGUMENTS}
    model = models.get("semi")(source.shape, **arguments)
    rates = (keras.optimizers.schedules.PolynomialDecay(RATE, steps, 0.0) for _ in range(2))
    model.compile(*(keras.optimizers.Adam(rate, beta_1=0.5) for rate in rates), seed=seed)
    batches = source.batches(BATCH, seed=seed)
    model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
    return model.discriminator


def labelled(source):
    """Returns a source of only those examples that have labels."""
    known = np.flatnonzero(source.labels >= 0)
    images = source.tensors["image"].numpy()[known]
    return ArraySource(source.name, images, source.labels[known], source.class_names)


def accuracy(discriminator, source):
    """Returns the share of a source's examples that the network classifies correctly."""
    batch = next(iter(source.batches(source.num_examples)))
    said = tf.argmax(discriminator(batch["image"], training=False)["classes"], axis=1)
    return float(np.mean(said.numpy() == batch["label"].numpy()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels_per_class", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3000)
    options = parser.parse_args()
    unseen = load_dataset("digits", split="test", image_size=SIDE)
    found = {"labels alone": [], "semi-supervised": []}
    for seed in range(options.seeds):
        source = load_dataset("digits", image_size=SIDE)
        keep_labels(source, options.labels_per_class, seed)
        networks = {
            "labels alone": trained(labelled(source), options.steps, seed, game_weight=0.0),
            "semi-supervised": trained(source, options.steps, seed, game_weight=1.0),
        }
        for name, network in networks.items():
            found[name].append(accuracy(network, unseen))
            print(f"seed {seed}: {name:16} {100 * found[name][-1]:.1f} %", flush=True)
    for name, values in found.items():
        told = f"{100 * np.mean(values):.1f} +- {100 * np.std(values):.1f} %"
        print(f"{name:16} {told} of {unseen.num_examples} unseen digits")


if __name__ == "__main__":
    main()
