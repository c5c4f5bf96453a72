"""One process of a cluster that trains a system in double precision: worker.py OUTPUT."""

import functools
import sys

import keras
import numpy as np

from keras_gan import callbacks, models
from keras_gan.commands import training
from keras_gan.data import load_dataset
from keras_gan.distribution.replicas import make_strategy
from keras_gan.runs.config import Config

# Batch norm, clipped weights and long runs of D: what could differ between workers.
SYSTEM, ARGUMENTS = "wgan", {"critic_warmup": 4, "d_steps": 2, "normalization": "batch"}


def trained(strategy):
    """Returns the variables of a tiny system after four steps on digits, by number."""
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    digits = load_dataset("digits", image_size="16")
    keras.utils.set_random_seed(0)
    system = models.get(SYSTEM)
    with strategy.scope():
        model = system(digits.shape, **{**system.tiny, **ARGUMENTS})
        model.compile(seed=3)
    config = Config(batch_size=8, flip=True)
    batches = training._batches(config, model, digits, done=0)
    runs = callbacks.DiscriminatorRuns(
        functools.partial(training._batches, config, model, digits, seed=1)
    )
    model.fit(batches, steps_per_epoch=4, callbacks=[runs], verbose=0, shuffle=False)
    return {str(number): variable.numpy() for number, variable in enumerate(model.variables)}


if __name__ == "__main__":
    np.savez(sys.argv[1], **trained(make_strategy("multi_worker")))
