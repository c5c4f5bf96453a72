"""Runs tf.data pipelines with a fixed number of threads instead of autotuning.

The autotuning thread sleeps for ever longer periods, up to as long as it has run. When the
iterator ends, `fit` would wait until this thread wakes.
"""

import atexit
import collections
import concurrent.futures
import functools
import os
import threading
import time

import numpy as np
import tensorflow as tf

AHEAD = 2  # Number of batches to prefetch.
_REST = 0.3  # Seconds without a call after which the pipelines count as idle.
_LONGEST_WAIT = 10.0  # seconds


def count():
    """Returns the number of CPUs that the process may use."""
    if hasattr(os, "sched_getaffinity"):  # macOS does not have it.
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fixed(dataset):
    """Turns off autotuning and fixes the order of the elements of a dataset."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    return dataset.with_options(options)


def in_order(function, items):
    """Yields function(item) for each item in order; a few are computed ahead in threads."""
    waiting = collections.deque()
    for item in items:
        waiting.append(_pool().submit(function, item))
        if len(waiting) > AHEAD * count():
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def prepared(batches):
    """Returns a `fixed` dataset, marked as ready for the networks: `fit` checks no ranges."""
    batches = fixed(batches)
    batches.is_prepared = True
    return batches


def in_graph(function, items, shape):
    """Calls a Python function for each of a batch, from a graph such as a `tf.data` pipeline.

    Args:
        function: Function from an item, as bytes, to a uint8 array of `shape`. It must
            not run TensorFlow, whose threads wait for it.
        items: String tensor [B].
        shape: Shape of each result.

    Returns:
        uint8 tensor [B, *shape].
    """

    @tf.autograph.experimental.do_not_convert
    def call(items):
        _calls.begin()
        try:
            return np.stack(list(_pool().map(function, items)))
        finally:
            _calls.end()

    return tf.ensure_shape(tf.numpy_function(call, [items], tf.uint8), [None, *shape])


@functools.cache
def _pool():
    return concurrent.futures.ThreadPoolExecutor(count())


class _Calls:
    """Which calls of Python from pipelines are under way.

    A pipeline whose iterator lives until the end of the process may call Python
    when the interpreter is gone, and then waits forever. So the end waits until
    all pipelines are at rest. They soon are: once the pool is shut down, which
    happens before, each call fails at once, and buffers are full after a few.
    """

    def __init__(self):
        self.active, self.last, self._lock = 0, -_REST, threading.Lock()

    def begin(self):
        with self._lock:
            self.active += 1

    def end(self):
        with self._lock:
            self.active, self.last = self.active - 1, time.monotonic()

    def wait(self):
        latest = time.monotonic() + _LONGEST_WAIT
        while time.monotonic() < min(latest, self.last + _REST) or (
            self.active and time.monotonic() < latest
        ):
            time.sleep(_REST / 10)


_calls = _Calls()
atexit.register(_calls.wait)
