"""One process of a cluster that trains each system in double precision: worker.py OUTPUT."""

import sys

import keras
import numpy as np

from keras_gan import models, training
from keras_gan.config import Config
from keras_gan.data import load_dataset
from keras_gan.distribution import make_strategy

# Batch norm, random layers, packs: what could differ between workers. More would take minutes.
NAMES = ("dcgan", "gan", "pacgan")


def train_all(strategy):
    """Returns the variables of each tiny system after ten steps on digits, by name."""
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    digits = load_dataset("digits", image_size="16")
    ends = {}
    for name in NAMES:
        keras.utils.set_random_seed(0)
        system = models.get(name)
        with strategy.scope():
            model = system(digits.shape, **{**system.tiny, "d_steps": 2})
            model.compile(seed=3)
        model.steps_per_execution = 5
        batches = training._batches(Config(batch_size=8, flip=True), model, digits, done=0)
        model.fit(batches, steps_per_epoch=10, verbose=0, shuffle=False)
        for number, variable in enumerate(model.variables):
            ends[f"{name}/{number}"] = variable.numpy()
    return ends


if __name__ == "__main__":
    np.savez(sys.argv[1], **train_all(make_strategy("multi_worker")))
