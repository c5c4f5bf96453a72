"""Merges concurrent requests into one call, as TF Serving's batching does."""

import dataclasses
import re
import threading

import numpy as np
import tensorflow as tf

from keras_gan.serving import deployment
from keras_gan.serving.stand_in.status import failure


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits of a batch: its number of rows, and the seconds it waits after its first request."""

    rows: int = 256
    seconds: float = 0.001

    @classmethod
    def from_file(cls, path):
        """Reads TF Serving's batching file; missing values keep their defaults.

        Args:
            path: A file with lines such as `max_batch_size { value: 64 }` and
                `batch_timeout_micros { value: 1000 }`. Other lines are ignored. The
                file may be missing.
        """
        text = re.sub("#.*", "", deployment.text_of(path) or "")
        found = dict(re.findall(r"(\w+)\s*:?\s*\{\s*value\s*:\s*(\d+)\s*\}", text))
        return cls(
            int(found.get("max_batch_size", cls.rows)),
            int(found.get("batch_timeout_micros", cls.seconds * 1e6)) / 1e6,
        )


class Batcher:
    """Merges concurrent calls of a function into fewer calls with more rows.

    As in TF Serving, all requests of a batch fail if the merged call fails, even if only
    one of them is the cause. Unlike TF Serving, batches are not padded, and the thread of
    the first request runs the batch, so no extra threads are needed.

    Args:
        run: Function from arrays by name to arrays by name. The first axis of all
            arrays is the batch.
        limits: `Limits` of a batch.
    """

    def __init__(self, run, limits):
        self._run = run
        self._limits = limits
        self._lock = threading.Lock()
        self._open = None

    def __call__(self, inputs):
        """Returns the result of `run(inputs)`, possibly from a merged call.

                The inputs of all calls have the same names. Calls with rows of other shapes fail
        where they are merged.
        """
        rows = count_rows(inputs)
        if rows > self._limits.rows:
            raise failure(
                tf.errors.INVALID_ARGUMENT,
                f"Expected at most {self._limits.rows} rows, the max_batch_size. Received: {rows}. "
                "Send them in several requests.",
            )
        with self._lock:
            if self._open and self._open.rows + rows > self._limits.rows:
                self._send_off()
            is_first = self._open is None
            if is_first:
                self._open = _Batch()
            batch, begin = self._open, self._open.rows
            batch.inputs.append(inputs)
            batch.rows += rows
            if batch.rows == self._limits.rows:
                self._send_off()
        if is_first:
            batch.complete.wait(self._limits.seconds)
            with self._lock:
                if self._open is batch:
                    self._send_off()
            batch.answer(self._run)
        else:
            batch.answered.wait()
        if batch.error:
            raise batch.error
        return {name: value[begin : begin + rows] for name, value in batch.outputs.items()}

    def _send_off(self):
        self._open.complete.set()
        self._open = None


class _Batch:
    def __init__(self):
        self.inputs, self.rows = [], 0
        self.complete, self.answered = threading.Event(), threading.Event()
        self.outputs, self.error = {}, None

    def answer(self, run):
        try:
            merged = {name: self._merged(name) for name in self.inputs[0]}
            outputs = run(merged)
            for name, value in outputs.items():
                if np.shape(value)[:1] != (self.rows,):
                    raise failure(
                        tf.errors.FAILED_PRECONDITION,
                        f"Cannot split {name} among the requests of a batch: expected "
                        f"{self.rows} rows. Received: the shape {np.shape(value)}.",
                    )
            self.outputs = outputs
        except Exception as error:  # Raised again in the thread of each request.
            self.error = error
        finally:
            self.answered.set()

    def _merged(self, name):
        values = [inputs[name] for inputs in self.inputs]
        shapes = sorted({np.shape(value)[1:] for value in values})
        if len(shapes) > 1:
            raise failure(
                tf.errors.FAILED_PRECONDITION,
                f"Cannot merge requests: expected {name} of one shape. Received: rows of "
                f"{' and '.join(map(str, shapes))}. Serve these without batching.",
            )
        return np.concatenate(values)


def count_rows(inputs):
    """Returns the size of the first axis, which all inputs must share."""
    counts = {np.shape(value)[0] if np.ndim(value) else None for value in inputs.values()}
    if len(counts) != 1 or None in counts:
        shapes = ", ".join(f"{name} {np.shape(value)}" for name, value in inputs.items())
        raise failure(
            tf.errors.INVALID_ARGUMENT,
            f"Expected inputs with one common first dimension. Received: {shapes}.",
        )
    return counts.pop()
