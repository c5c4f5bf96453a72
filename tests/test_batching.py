"""The stand-in's batching: merging concurrent requests, and failures."""

import concurrent.futures
import threading
import time

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.serving.stand_in.batching import Batcher, Limits
from keras_gan.serving.stand_in.status import failure


def concurrently(call, items):
    """Calls the function with all items concurrently; returns each result or error."""
    begin = threading.Barrier(len(items))

    def one(item):
        begin.wait()
        try:
            return call(item)
        except Exception as error:
            return error

    with concurrent.futures.ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(one, items))


class Counted:
    """A function of batches that records their sizes."""

    def __init__(self, error=None):
        self.sizes, self.error = [], error

    def __call__(self, inputs):
        self.sizes.append(len(inputs["x"]))
        if self.error and (inputs["x"] < 0).any():
            raise self.error
        return {"y": 2 * inputs["x"], "z": inputs["x"].sum(axis=1)}


def test_batches_are_merged_and_split():
    run = Counted()
    batcher = Batcher(run, Limits(rows=64, seconds=0.3))
    parts = [np.full((size, 2), float(size)) for size in (1, 2, 3, 4, 5, 0, 1)]
    answers = concurrently(lambda part: batcher({"x": part}), parts)
    for part, answer in zip(parts, answers, strict=True):
        np.testing.assert_array_equal(answer["y"], 2 * part)
        np.testing.assert_array_equal(answer["z"], part.sum(axis=1))
    assert run.sizes == [16]


def test_full_batches_do_not_wait():
    run = Counted()
    batcher = Batcher(run, Limits(rows=4, seconds=60.0))
    begin = time.monotonic()
    answers = concurrently(lambda size: batcher({"x": np.ones((size, 1))}), [2] * 6 + [4])
    assert time.monotonic() - begin < 30
    assert sorted(run.sizes) == [4, 4, 4, 4] and [len(one["y"]) for one in answers] == [2] * 6 + [4]


def test_a_batch_fails_together():
    run = Counted(failure(tf.errors.INVALID_ARGUMENT, "negative"))
    batcher = Batcher(run, Limits(rows=64, seconds=0.3))
    answers = concurrently(lambda value: batcher({"x": np.full((1, 1), value)}), [1.0, -1.0, 2.0])
    assert run.sizes == [3] and [str(one) for one in answers] == ["negative"] * 3
    np.testing.assert_array_equal(batcher({"x": np.ones((1, 1))})["y"], [[2.0]])  # The next is new.


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": np.ones((9, 1))}, "at most 8 rows, the max_batch_size. Received: 9"),
        ({"x": np.ones(())}, "one common first dimension"),
        ({"x": np.ones(2), "y": np.ones(3)}, "one common first dimension"),
    ],
)
def test_inputs_that_cannot_be_merged(inputs, message):
    with pytest.raises(tf.errors.OpError, match=message):
        Batcher(Counted(), Limits(rows=8))(inputs)
    with pytest.raises(tf.errors.OpError, match="Cannot split z among the requests"):
        Batcher(lambda inputs: {"z": np.ones(7)}, Limits())({"x": np.ones(2)})


def test_batching_file(tmp_path):
    file = tmp_path / "batching.config"
    assert Limits.from_file(str(file)) == Limits(256, 0.001)
    lines = ["# max_batch_size { value: 1 }", "max_batch_size { value: 32 }"]
    file.write_text("\n".join([*lines, "batch_timeout_micros { value: 5000 }", "x: {value: 1}"]))
    assert Limits.from_file(str(file)) == Limits(32, 0.005)
