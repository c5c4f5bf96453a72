"""Chooses how many steps to run in one call into TensorFlow."""

import gc
import itertools
import math
import statistics
import time

import keras
import numpy as np

from keras_gan.layers.core import dtype_policy

_TRIED = 16  # Steps in a call of the second trial.
_CALLS = 20  # Timed calls of a trial.
_LONG_STEP = 0.05  # Seconds. A call itself takes about a thousandth of a second.
_LONGEST_CALL = 0.25  # Seconds. Signals and the progress line wait for the end of a call.
_OVERHEAD = 0.01  # Share of the time that may go into calls.


def steps_per_execution(config, model, batches, done, workers):
    """Returns the number of steps in a call: one that meets every interval of the run.

    Args:
        config: A `Config`; its number is an upper bound, and `auto` is measured by
            training a copy of the model that is then thrown away.
        model: The compiled model; it is left alone.
        batches: What `fit` will be given.
        done: Steps done before.
        workers: `Workers`, who all take the chief's number.
    """
    ends = itertools.accumulate(stage.steps for stage in model.stages[:-1])
    fits = math.gcd(
        done, config.steps, config.log_every, config.sample_every, config.checkpoint_every, *ends
    )
    wanted = config.steps_per_execution
    if fits > 1 and wanted == "auto":
        wanted = _measure(model, config, batches, workers)
    elif wanted == "auto":
        wanted = 1
    return max(n for n in range(1, int(wanted) + 1) if fits % n == 0)


def _measure(model, config, batches, workers):
    with model.distribute_strategy.scope(), dtype_policy(config.precision):
        copy = type(model).from_config(model.get_config())
        copy.compile_from_config(model.get_compile_config())
    alone, together = _seconds_per_step(copy, batches, 1, workers), None
    if alone <= _LONG_STEP:
        together = _seconds_per_step(copy, batches, _TRIED, workers)
    del copy
    gc.collect()  # Keras' models refer to themselves; memory would be held twice.
    return 1 if together is None else best(alone, together)


def best(alone, together):
    """Returns the fewest steps in a call that leave little of its overhead.

    Args:
        alone: Seconds a step takes that has a call to itself.
        together: Seconds a step takes among 16 in a call.
    """
    overhead = max(alone - together, 0.0) * _TRIED / (_TRIED - 1)
    step = max(alone - overhead, 1e-6)
    wanted = math.ceil(overhead / (_OVERHEAD * step))
    return max(1, min(wanted, int(_LONGEST_CALL / step)))


def _seconds_per_step(model, batches, together, workers):
    """Returns the median time of a step among `together` in a call, by the chief's clock."""
    model.steps_per_execution, model.train_function = together, None
    clock = _Clock()
    steps = (_CALLS + 1) * together
    model.fit(batches, steps_per_epoch=steps, callbacks=[clock], verbose=0, shuffle=False)
    # The first call traces and compiles.
    median = statistics.median(clock.seconds[1:]) / together
    return float(workers.from_chief(np.float64(median)))


class _Clock(keras.callbacks.Callback):
    """Times each call from its start to the start of the next."""

    def __init__(self):
        super().__init__()
        self.seconds, self.start = [], None

    def on_train_batch_begin(self, batch, logs=None):
        now = time.perf_counter()
        if self.start is not None:
            self.seconds.append(now - self.start)
        self.start = now
