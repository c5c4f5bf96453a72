"""How the tf.data pipelines run: by a fixed number of threads instead of autotuning.

Autotuning ends with the iterator only when its thread wakes from a sleep that
grows to as long as it has run, and `fit` waits for it.
"""

import os

import tensorflow as tf

AHEAD = 2  # Batches that are prepared ahead.


def count():
    """Returns the number of CPUs that the process may use."""
    if hasattr(os, "sched_getaffinity"):  # Not on macOS.
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fixed(dataset):
    """Returns a dataset whose numbers of threads are those asked for, and its order too."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    return dataset.with_options(options)
