"""Trains a tiny instance of each system once, for all tests of that system."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import models
from keras_gan.runs.checkpoints import Checkpoints
from tests.conftest import values

STEPS, CUT = 7, 4  # SeqGAN's stages end at steps 2 and 3.

# Tests that trace a training step anew leave these to the soak suite, since the system named
# beside each trains by the same parts. A new system is tested by default.
SHOWN_BY = {
    **dict.fromkeys(("gan", "lsgan", "wgan", "wgan_gp", "dragan", "pacgan", "unrolled"), "dcgan"),
    **dict.fromkeys(("sagan", "r3gan"), "sngan"),
    **dict.fromkeys(("cgan", "infogan", "projection", "biggan", "semi"), "acgan"),
}
BY_KIND = [
    pytest.param(name, marks=pytest.mark.soak if name in SHOWN_BY else ())
    for name in models.names()
]

_DEEP = "dcgan"  # Its networks have two levels here; the others one, which is traced faster.


def build(name, seed=0):
    """Returns a tiny instance of any system, not compiled."""
    keras.utils.set_random_seed(seed)
    system = models.get(name)
    assert system.tiny, f"{name} has no tiny arguments for the tests"
    data = system.tiny_data()
    if "image_shape" in data and name != _DEEP:
        data["image_shape"] = (8, 8, data["image_shape"][2])
    return system(**data, **system.tiny)


def batches(model, count, batch_size=4, seed=0):
    """Returns a list of random batches that fit the model's ports, with labels."""
    draws = np.random.default_rng(seed)
    rows = batch_size * model.sub_batches

    def one(port):
        if port.dtype == "int32":
            return tf.constant(draws.integers(len(port.vocabulary), size=(rows, *port.shape)))
        return tf.constant(draws.uniform(-1, 1, (rows, *port.shape)), keras.config.floatx())

    def batch():
        examples = {key: one(port) for key, port in model.spec.items()}
        return {**examples, "label": tf.constant(draws.integers(0, 3, rows))}

    return [batch() for _ in range(count)]


def fit(model, given):
    """Trains a model on a list of batches and returns the last logs."""
    whole = {key: tf.concat([batch[key] for batch in given], 0) for key in given[0]}
    rows = len(whole["label"]) // len(given)
    dataset = tf.data.Dataset.from_tensor_slices(whole).batch(rows, drop_remainder=True)
    history = model.fit(dataset, verbose=0, shuffle=False).history
    return {key: series[-1] for key, series in history.items()}


def state(model):
    """Returns the full state of training: weights, averages, optimizers and metrics."""
    optimizers = [v for name in sorted(model.optimizers) for v in model.optimizers[name].variables]
    return values([*model.variables, *optimizers])


@dataclasses.dataclass
class Session:
    """A system after seven training steps.

    Attributes:
        name: Name of the system.
        model: The model after step 7.
        batches: The training data, a list of batches.
        checkpoints: `Checkpoints` with a checkpoint of step 4.
        file: The `.keras` file of step 4.
        at_cut: State at step 4.
        at_end: State at step 7.
        logs: Logs of the last steps.
        traces: Names of the stages whose steps were traced, in order.
    """

    name: str
    model: keras.Model
    batches: list
    checkpoints: Checkpoints
    file: str
    at_cut: list
    at_end: list
    logs: dict
    traces: list

    def go_back(self):
        """Restores the model at step 4."""
        self.checkpoints.restore(self.model)


def run_session(name, directory):
    """Trains a tiny instance of a system and returns the `Session`."""
    model = build(name)
    model.compile(seed=3)
    train_step, traces = model.train_step, []
    model.train_step = lambda batch: traces.append(model.stage.name) or train_step(batch)
    given = batches(model, STEPS)
    fit(model, given[:CUT])
    checkpoints, file = Checkpoints(str(directory / "checkpoints")), directory / "model.keras"
    checkpoints.save(model, CUT)
    model.save(file)
    at_cut = state(model)
    logs = fit(model, given[CUT:])
    return Session(name, model, given, checkpoints, file, at_cut, state(model), logs, traces)
