"""Runs tf.data pipelines with a fixed number of threads instead of autotuning.

The autotuning thread sleeps for ever longer periods, up to as long as it has run. When the
iterator ends, `fit` would wait until this thread wakes.
"""

import os

import tensorflow as tf

AHEAD = 2  # Number of batches to prefetch.


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
