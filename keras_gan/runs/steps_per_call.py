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
_CALLS = 20  # Timed calls in a trial.
_LONG_STEP = 0.05  # Seconds. The overhead of a call is about a millisecond.
_LONGEST_CALL = 0.25  # Seconds. Signals and the progress line wait for the end of a call.
_OVERHEAD = 0.01  # Accepted share of the overhead of calls in the training time.


def steps_per_execution(config, model, batches, done, workers):
    """Returns the number of steps in a call, a divisor of all intervals of the run.

    Args:
        config: A `Config`. Its `steps_per_execution` is an upper bound. `auto` trains a copy of
            the model for a moment to measure the best number, and then discards it.
        model: The compiled model, which does not change.
        batches: Dataset that `fit` will use.
        done: Number of steps before this session.
        workers: `Workers`. All use the chief's number.
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
    gc.collect()  # Keras models have reference cycles, so the copy would stay in memory.
    return 1 if together is None else best(alone, together)


def best(alone, together):
    """Returns the smallest number of steps in a call that makes its overhead negligible.

    Args:
        alone: Seconds for a step, with one step in a call.
        together: Seconds for a step, with 16 steps in a call.
    """
    overhead = max(alone - together, 0.0) * _TRIED / (_TRIED - 1)
    step = max(alone - overhead, 1e-6)
    wanted = math.ceil(overhead / (_OVERHEAD * step))
    return max(1, min(wanted, int(_LONGEST_CALL / step)))


def _seconds_per_step(model, batches, together, workers):
    """Returns the chief's median time of a step, with `together` steps in a call."""
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
