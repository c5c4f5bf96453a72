"""Decodes all images of a folder once, and tells which ones cannot be."""

import math
import os
import re

import keras
import numpy as np
import tensorflow as tf

from keras_gan.data import images, threads
from keras_gan.errors import UserError

_FIRST = 16  # images
_BATCH = 64  # images
_BATCH_BYTES = 2**24  # Fewer images where they are large.
_SHOW_PROGRESS = 10_000  # images


class Decoding:
    """Decodes the images of a folder, noting those that cannot be.

    Most go by the batch, which is fast but passes over any image with a fault or
    of another shape. Those left over are decoded one by one, to find out what is
    wrong with each. So are the first ones, which tell the shape and show most
    mistakes, unless they need no preparation: then all go by the batch without
    it, and those that do need it are left over.

    Args:
        files: Paths.
        preparation: `images.Preparation`.
        limit: Largest size in bytes of all images together to keep.
        large: Whether there are images so large that memory holds one at a time.

    Attributes:
        shape: Shape of an image, or `None` as long as none was decoded.
        array: The good images in the order of the files, [N, *shape], or `None` if
            they are too large together.
        bad: Why a file cannot be decoded, by path.
        load: Function from the path tensor of any good file to its image.
    """

    def __init__(self, files, preparation, limit, large):
        self.files, self.preparation, self.limit, self.large = files, preparation, limit, large
        self.shape, self.array, self.bad = None, None, {}
        self.load, self._progress = self._load_prepared, None
        self._good = np.zeros(len(files), bool)
        if len(files) >= _SHOW_PROGRESS:
            self._progress = keras.utils.Progbar(len(files), unit_name="image")

    def run(self):
        """Decodes all files.

        Raises:
            UserError: If the images have different sizes.
        """
        numbers = np.arange(len(self.files))
        if not self.large and (shape := self._plain_shape(numbers[:_FIRST])):
            self._set_shape(shape)
            self.load = self._load_plain
            self._by_the_batch(numbers)
        else:
            self._one_by_one(numbers[:_FIRST])
            if self.shape and not self.large:
                self._by_the_batch(numbers[_FIRST:])
            numbers = numbers[_FIRST:]
        left = numbers[~self._good[numbers]]
        self._one_by_one(left)
        if self._good[left].any():
            self.load = self._load_prepared
        if not self._good.all():
            self._close_up()

    def _prepare(self, path):
        return self.preparation(images.decode(tf.io.read_file(path)))

    def _load_prepared(self, path):
        return tf.ensure_shape(self._prepare(path), self.shape)

    def _load_plain(self, path):
        return tf.ensure_shape(images.decode_as_stored(tf.io.read_file(path)), self.shape)

    def _plain_shape(self, numbers):
        """Returns the shape of the files if it is one, and they need no preparation."""
        decoded = self._dataset(
            numbers, lambda _, path: images.decode_as_stored(tf.io.read_file(path))
        )
        shapes = {image.shape for image in decoded.ignore_errors().as_numpy_iterator()}
        return shapes.pop() if len(shapes) == 1 and self.preparation.keeps(*shapes) else None

    def _dataset(self, numbers, function):
        paths = [os.fsencode(self.files[number]) for number in numbers]
        data = tf.data.Dataset.from_tensor_slices((numbers, tf.constant(paths, tf.string)))
        parallel = 1 if self.large else threads.count()
        return threads.fixed(data.map(function, num_parallel_calls=parallel))

    def _one_by_one(self, numbers):
        """Decodes files, noting those that cannot be."""
        if not len(numbers):  # Building a dataset takes time.
            return
        decoded = iter(self._dataset(numbers, lambda _, path: self._prepare(path)).prefetch(1))
        for number in numbers:
            path = self.files[number]
            try:
                image = next(decoded).numpy()
            except tf.errors.OpError as error:
                self.bad[path] = _reason(error)
                self._show_progress()
                continue
            if self.shape is None:
                self._set_shape(image.shape)
            if image.shape != self.shape:
                (height, width, _), (other_height, other_width, _) = self.shape, image.shape
                raise UserError(
                    f"The images have different sizes: {self.files[np.argmax(self._good)]} is "
                    f"{height}x{width}, {path} is {other_height}x{other_width}. Set --image_size."
                )
            self._keep(number, image)

    def _by_the_batch(self, numbers):
        """Decodes those of the files that `load` can, and passes over the others."""
        data = self._dataset(numbers, lambda number, path: (number, self.load(path)))
        size = max(min(_BATCH, _BATCH_BYTES // math.prod(self.shape)), 1)
        batches = data.ignore_errors().batch(size).prefetch(threads.AHEAD)
        for numbers, decoded in batches.as_numpy_iterator():
            self._keep(numbers, decoded)

    def _set_shape(self, shape):
        self.shape = shape
        if len(self.files) * math.prod(shape) <= self.limit:
            self.array = np.empty((len(self.files), *shape), np.uint8)

    def _keep(self, numbers, decoded):
        self._good[numbers] = True
        if self.array is not None:
            self.array[numbers] = decoded
        self._show_progress()

    def _close_up(self):
        """Leaves out the rows of bad files, in place: memory may not hold a copy."""
        if self.array is None:
            return
        kept = np.flatnonzero(self._good)
        for row, number in enumerate(kept):
            self.array[row] = self.array[number]
        self.array = self.array[: len(kept)]

    def _show_progress(self):
        if self._progress:
            self._progress.update(np.count_nonzero(self._good) + len(self.bad))


def _reason(error):
    """Returns what a decoder said, without the names of the pipeline around it."""
    line = error.message.split("\n")[0].split("[[")[0]
    return re.sub(r"^.*(Iterator::[^ ]*|\}\}) ", "", line).strip().rstrip(".")
