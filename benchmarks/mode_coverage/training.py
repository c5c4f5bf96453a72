"""Training for so many seconds, or by a recipe."""

import gc
import pathlib
import tempfile
import time

import keras

from keras_gan import load_dataset, models
from keras_gan.config import Config, parse

BATCH, STEPS_IN_A_CALL = 256, 50


def row_name(name):
    """Returns the name of a row: of a system, or of a recipe's file."""
    return f"{pathlib.Path(name).stem} (recipe)" if name.endswith(".flags") else name


def trained(name, protocol, seconds, seed):
    """Returns (model, seconds of training, generator steps)."""
    gc.collect()  # Models refer to themselves.
    if name.endswith(".flags"):
        return _by_recipe(name, protocol, seed)
    return _for_a_time(name, protocol, seconds, seed)


class _Until(keras.callbacks.Callback):
    """Ends training when the time is up; the first call, which compiles, does not count."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds, self.start, self.taken, self.steps = seconds, None, 0.0, 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps = batch + 1
        self.start = self.start or time.perf_counter()
        self.taken = time.perf_counter() - self.start
        if self.taken >= self.seconds:
            self.model.stop_training = True


def _for_a_time(name, protocol, seconds, seed):
    """Trains a system with its own defaults."""
    source = load_dataset(protocol)
    keras.utils.set_random_seed(seed)
    model = models.get(name)(source.shape, num_classes=source.num_classes)
    model.compile(seed=seed, steps_per_execution=STEPS_IN_A_CALL)
    until = _Until(seconds)
    batches = source.batches(BATCH * model.d_steps, seed=seed)
    model.fit(batches, steps_per_epoch=10**7, callbacks=[until], verbose=0, shuffle=False)
    return model, until.taken, until.steps


def _by_recipe(path, protocol, seed):
    """Trains a recipe as `train.py` does, in a directory that goes away."""
    from keras_gan.training import train

    with tempfile.TemporaryDirectory() as directory:
        flags = [f"--flagfile={path}", f"--run_dir={directory}/run", f"--seed={seed}"]
        config = parse(Config, ["train.py", *flags])
        if config.dataset != protocol:
            raise ValueError(f"Expected a recipe for {protocol}. Received: {config.dataset}.")
        started = time.perf_counter()
        model = train(config)
        return model, time.perf_counter() - started, config.steps
