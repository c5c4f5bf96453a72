"""The data that a user gives to `fit`: its range is checked before the first update.

Arrays are checked at once. Of other data the first batch of each epoch is checked: in the
pipeline of a `tf.data.Dataset`, which reads nothing twice and costs the step nothing, and by
asking a `PyDataset` or a generator for it.
"""

import contextlib
import itertools
import os
import types

import keras
import numpy as np
import tensorflow as tf

from keras_gan.checks import check_arguments, examples_of, not_dicts
from keras_gan.data.source import Source
from keras_gan.errors import UserError

_PARTIAL = "is not compatible with expected shape"


class GivenData:
    """The data of one call of `fit`.

    Args:
        x: Dict of arrays, `tf.data.Dataset`, `keras.utils.PyDataset` or generator of dicts.
        spec: Ports by the keys of a batch.
        batch_size: Examples in a batch of arrays.
        labels: Range of the labels that the model knows, or `None` if it takes none.

    Attributes:
        x: The same data, to give to Keras.
        shapes: Shapes of the examples by key, as far as they are known.
        rows: Examples in a batch, if they are known. Keras does not tell the step those of a
            `PyDataset`, and not once the size has changed.

    Raises:
        UserError: If the first examples are no dicts or have another range.
    """

    def __init__(self, x, spec, batch_size=None, labels=None):
        self.spec, self.rows, self.error, self.is_checked = spec, None, None, False
        self.labels, self.shapes = labels, {}
        self.x = self._checked(x, batch_size)

    def _checked(self, x, batch_size):
        if isinstance(x, tf.data.Dataset):
            self._learn(x.element_spec)
            # Our own pipelines serve what the networks take.
            return x if getattr(x, "is_prepared", False) else self._watched(x)
        if isinstance(x, keras.utils.PyDataset):
            self._first(x[0], "{} from __getitem__")
        elif isinstance(x, types.GeneratorType):
            first = next(x, None)
            if first is None:
                raise UserError("Expected a generator of batches. Received: one without any.")
            self._first(first, "{} from the generator")
            # Keras takes no dicts from a generator, but tuples that hold one.
            return ((examples_of(batch),) for batch in itertools.chain([first], x))
        elif isinstance(x, dict):
            self._check_arrays(x, batch_size)
        elif isinstance(x, np.ndarray | tf.Tensor) or (isinstance(x, list | tuple) and x):
            raise not_dicts(x, self.spec, "Call fit({}).")
        elif x is None or isinstance(x, str | os.PathLike | int | float | list | tuple | Source):
            raise UserError(
                "Expected a dict of arrays, a tf.data.Dataset, a PyDataset or a generator of "
                f"dicts. Received: {type(x).__name__}. For a folder or a dataset by name call "
                "fit(keras_gan.load_dataset(name).batches(64), steps_per_epoch=1000)."
            )
        return x

    def _watched(self, dataset):
        """Returns the dataset with a check of its first batch."""
        kinds = dataset.element_spec if isinstance(dataset.element_spec, dict) else {}
        keys = [*self.spec, *(["label"] if self.labels else [])]
        known = [key for key in keys if isinstance(kinds.get(key), tf.TensorSpec)]
        if not known:
            return dataset  # The step says what is missing.

        def check(*rows):
            if self.is_checked:  # In a later epoch.
                return
            self.is_checked = True
            try:
                self._check(dict(zip(known, rows, strict=True)))
            except UserError as error:
                self.error = error
                raise

        def look(number, batch):
            def first():
                rows = [batch[key] for key in known]
                with tf.control_dependencies([tf.numpy_function(check, rows, [])]):
                    return tf.constant(True)

            with tf.control_dependencies([tf.cond(number == 0, first, lambda: tf.constant(True))]):
                return {key: tf.nest.map_structure(tf.identity, x) for key, x in batch.items()}

        watched = dataset.enumerate().map(look)
        if dataset.cardinality() != tf.data.INFINITE_CARDINALITY:
            return watched
        # Numbering makes it finite for Keras' progress bar.
        endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
        return watched.apply(endless)

    def _first(self, batch, where):
        """Checks the first batch of a `PyDataset` or generator, and learns its size."""
        batch = examples_of(batch)
        if not isinstance(batch, dict):
            raise not_dicts(batch, self.spec, f"Return {where}.")
        self._check(batch)
        self._learn(batch)

    def _learn(self, batch):
        """Notes the number and the shapes of the examples in a batch of arrays or specs."""
        if isinstance(batch, dict):
            shapes = {key: getattr(batch.get(key), "shape", None) for key in self.spec}
            self.rows = next((shape[0] for shape in shapes.values() if shape), None)
            self.shapes = {key: str(shape and shape[1:]) for key, shape in shapes.items()}

    def _check_arrays(self, arrays, batch_size):
        if not set(self.spec) <= set(arrays):
            raise not_dicts(arrays, self.spec)
        self._check(arrays)
        self._learn(arrays)
        count, size = _count(arrays), 32 if batch_size is None else batch_size
        check_arguments(batch_size=size)
        if count < size:
            raise UserError(
                f"Expected at least as many examples as a batch has. Received: {count} examples "
                f"and batch_size={size}. Give more, or a smaller batch_size."
            )
        if count % size:
            raise UserError(
                f"Expected a number of examples that the batch size divides. Received: {count} "
                f"examples and batch_size={size}. Leave out the last {count % size}, or call "
                f"fit(tf.data.Dataset.from_tensor_slices(x).shuffle({count}).batch({size}, "
                "drop_remainder=True))."
            )
        self.rows = size

    def _check(self, batch):
        for key, port in self.spec.items():
            if key in batch:
                port.check_examples(np.asarray(batch[key]), key)
        labels = np.asarray(batch.get("label", ()))
        if self.labels and labels.size and np.issubdtype(labels.dtype, np.integer):
            least, most = int(labels.min()), int(labels.max())
            if least not in self.labels or most not in self.labels:
                raise UserError(
                    f"Expected 'label' from {self.labels[0]} to {self.labels[-1]}. Received: from "
                    f"{least} to {most}. Build the model with another num_classes."
                )

    @contextlib.contextmanager
    def reporting(self, counters):
        """Turns errors of the pipeline in the block into the `UserError` that is behind them.

        Args:
            counters: Variables that count steps and updates. TensorFlow may count a step whose
                batch is refused, since counting does not wait for the batch. They are set back.
        """
        before = [counter.numpy() for counter in counters]
        try:
            yield
        except tf.errors.OpError as error:
            if self.error is not None:
                for counter, value in zip(counters, before, strict=True):
                    counter.assign(value)
                raise self.error from None
            if self.rows and _PARTIAL in error.message:
                raise UserError(
                    f"Expected {self.rows} examples in every batch, as in the first. Received: "
                    "another number. Leave out a last batch that is smaller."
                ) from None
            raise


def _count(arrays):
    """Returns the number of examples in a dict of arrays."""
    shapes = {key: getattr(x, "shape", None) for key, x in arrays.items()}
    counts = {key: shape[0] if shape else None for key, shape in shapes.items()}
    if None in counts.values() or len(set(counts.values())) > 1:
        told = [
            f"{type(arrays[key]).__name__ if count is None else count} for {key!r}"
            for key, count in counts.items()
        ]
        raise UserError(
            "Expected arrays with the same number of examples in all entries of the dict. "
            f"Received: {', '.join(told)}."
        )
    return next(iter(counts.values()))


def prepared(batch, spec):
    """Returns the batch of a step as the networks take it: uint8 images are scaled to [-1, 1]."""
    return {**batch, **{key: port.prepared(batch[key], key) for key, port in spec.items()}}


def with_rows(batch, rows):
    """Returns a batch whose number of examples the graph knows.

    Args:
        batch: What a step was given.
        rows: The number of examples on this replica, or `None` if the batch tells.
    """
    batch = examples_of(batch)
    if rows is None or not isinstance(batch, dict):
        return batch

    def known(x):
        whole = x.shape.rank and x.shape[0] is None
        return tf.ensure_shape(x, [rows, *x.shape[1:]]) if whole else x

    return {key: known(tf.convert_to_tensor(x)) for key, x in batch.items()}
