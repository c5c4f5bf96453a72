"""One process of a cluster that trains each system in double precision: worker.py OUTPUT."""

import functools
import sys

import keras
import numpy as np

from keras_gan import callbacks, models
from keras_gan.commands import training
from keras_gan.data import load_dataset
from keras_gan.distribution.replicas import make_strategy
from keras_gan.runs.config import Config

# Batch norm and packs, long runs of D: what could differ between workers.
NAMES = {"pacgan": {"normalization": "batch"}, "wgan": {"critic_warmup": 4}}


def train_all(strategy):
    """Returns the variables of each tiny system after four steps on digits, by name."""
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    digits = load_dataset("digits", image_size="16")
    ends = {}
    for name, arguments in NAMES.items():
        keras.utils.set_random_seed(0)
        system = models.get(name)
        with strategy.scope():
            model = system(digits.shape, **{**system.tiny, "d_steps": 2, **arguments})
            model.compile(seed=3)
        model.steps_per_execution = 1 if name == "wgan" else 2
        config = Config(batch_size=8, flip=True)
        batches = training._batches(config, model, digits, done=0)
        more = functools.partial(training._batches, config, model, digits, seed=1)
        runs = callbacks.DiscriminatorRuns(more)
        model.fit(batches, steps_per_epoch=4, callbacks=[runs], verbose=0, shuffle=False)
        for number, variable in enumerate(model.variables):
            ends[f"{name}/{number}"] = variable.numpy()
    return ends


if __name__ == "__main__":
    np.savez(sys.argv[1], **train_all(make_strategy("multi_worker")))
