"""Training for so many seconds, or by a recipe.

A budget is of processor time, which the other jobs of a machine do not change.
"""

import gc
import json
import pathlib
import tempfile
import time

import keras

from keras_gan import models
from keras_gan.options import parse
from keras_gan.runs.config import Config

STEPS_IN_A_CALL = 50


def trained(row, protocol, seconds, seed):
    """Returns (what is to be judged, what its training took as a dict)."""
    gc.collect()  # Models refer to themselves.
    if row.sampler:
        return row.sampler(seed), _Clock().taken(steps=0)
    if row.recipe:
        return _by_recipe(row.recipe, protocol, seed)
    return _for_a_time(row, protocol, seconds, seed)


def settings(row, protocol, seconds):
    """Returns what decides a run's result beside its seed, as JSON has it."""
    if row.sampler:
        return {}
    if row.recipe:
        lines = pathlib.Path(row.recipe).read_text().splitlines()
        return {"flags": [line for line in lines if line.startswith("--")]}
    optimizers = row.optimizers() if row.optimizers else ()
    found = {
        "system": row.system,
        "arguments": row.arguments,
        "optimizers": [_configuration(own) for own in optimizers],
        "batch": protocol.batch,
        "seconds": seconds,
    }
    return json.loads(json.dumps(found))


def _configuration(optimizer):
    config = optimizer.get_config() | {"name": type(optimizer).__name__}
    return {name: value for name, value in config.items() if value is not None}


class _Clock:
    """Measures from when it is made."""

    def __init__(self):
        self.start, self.processor_start = time.perf_counter(), time.process_time()

    def taken(self, steps):
        """Returns seconds, those of all processors together, and the steps."""
        seconds, processor = time.perf_counter() - self.start, self.processor_seconds()
        return {"seconds": round(seconds, 1), "cpu_seconds": round(processor, 1), "steps": steps}

    def processor_seconds(self):
        return time.process_time() - self.processor_start


class _Until(keras.callbacks.Callback):
    """Ends training when the time is up; the first call, which compiles, does not count."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds, self.clock, self.taken = seconds, None, None

    def on_train_batch_end(self, batch, logs=None):
        self.clock = self.clock or _Clock()
        self.taken = self.clock.taken(steps=batch + 1)
        if self.clock.processor_seconds() >= self.seconds:
            self.model.stop_training = True


def _for_a_time(row, protocol, seconds, seed):
    """Trains a system on a protocol's data."""
    source = protocol.source()
    keras.utils.set_random_seed(seed)
    system = models.get(row.system)
    model = system(source.shape, num_classes=source.num_classes, **row.arguments)
    optimizers = row.optimizers() if row.optimizers else ()
    model.compile(*optimizers, seed=seed, steps_per_execution=STEPS_IN_A_CALL)
    until = _Until(seconds)
    batches = source.batches(protocol.batch * model.sub_batches, seed=seed)
    model.fit(batches, steps_per_epoch=10**7, callbacks=[until], verbose=0, shuffle=False)
    return model, until.taken


def _by_recipe(path, protocol, seed):
    """Trains a recipe as `train.py` does, in a directory that goes away."""
    from keras_gan.commands.training import train

    with tempfile.TemporaryDirectory() as directory:
        flags = [f"--flagfile={path}", f"--run_dir={directory}/run", f"--seed={seed}"]
        config = parse(Config, ["train.py", *flags])
        if config.dataset != protocol.name:
            raise ValueError(f"Expected a recipe for {protocol.name}. Received: {config.dataset}.")
        clock = _Clock()
        model = train(config)
        return model, clock.taken(config.steps)
