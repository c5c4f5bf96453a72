"""One look at every file of a folder before training, so that bad ones are named at the start."""

import os
import re
import sys

import keras
import numpy as np
import tensorflow as tf

from keras_gan.data import headers
from keras_gan.errors import UserError

_TOLERATED = 0.01
_NAMED = 10
_LARGE_PIXELS = 2**24  # Images beyond this are decoded one at a time, to save memory.
_SHOW_PROGRESS = 10_000  # images


class Scan:
    """Goes through the images of a folder and notes those that cannot be used.

    Args:
        folder: Path of the folder.
        files: Paths of its images.

    Attributes:
        bad: Why a file cannot be used, by path.
    """

    def __init__(self, folder, files):
        self.folder, self.files = folder, files
        self.bad = {}
        self.parallel = tf.data.AUTOTUNE

    def check_headers(self):
        """Notes what can be told without decoding; returns the paths of the others."""
        root = os.path.realpath(self.folder)
        for path in self.files:
            try:
                if headers.check(path, root) > _LARGE_PIXELS:
                    self.parallel = 1
            except headers.BadImageError as error:
                self.bad[path] = str(error)
        return [path for path in self.files if path not in self.bad]

    def decode(self, files, load_file, limit):
        """Decodes files, noting those that cannot be.

        Args:
            files: Paths.
            load_file: Function from a path tensor to a prepared uint8 image.
            limit: Largest size in bytes of all images together to keep.

        Returns:
            (shape of an image, array [N, *shape] of the good ones, or `None` if
            they are too large together).
        """
        data = tf.data.Dataset.from_tensor_slices(
            tf.constant([os.fsencode(path) for path in files], tf.string)
        ).map(load_file, num_parallel_calls=self.parallel, deterministic=True)
        decoded = iter(data.prefetch(1))
        first, shape, array, kept, progress = None, None, None, 0, None
        if len(files) >= _SHOW_PROGRESS:
            progress = keras.utils.Progbar(len(files), unit_name="image")
        for number, path in enumerate(files):
            if progress:
                progress.update(number + 1)
            try:
                image = next(decoded).numpy()
            except tf.errors.OpError as error:
                self.bad[path] = _reason(error)
                continue
            if first is None:
                first, shape = path, image.shape
                if len(files) * image.nbytes <= limit:
                    array = np.empty((len(files), *shape), np.uint8)
            if image.shape != shape:
                raise UserError(
                    f"The images have different sizes: {first} is {shape[0]}x{shape[1]}, {path} "
                    f"is {image.shape[0]}x{image.shape[1]}. Set --image_size."
                )
            if array is not None:
                array[kept] = image
            kept += 1
        return shape, None if array is None else array[:kept]

    def settle(self, on_bad_image):
        """Does with what was noted as the user wishes.

        Args:
            on_bad_image: `"fail"`, or `"skip"` to leave such files out as long
                as they are at most 1 % of all.

        Raises:
            UserError: If there is such a file and it is not to be left out, or
                there are too many.
        """
        if not self.bad:
            return
        named = [f"{_shown(path)} ({self.bad[path]})" for path in sorted(self.bad)[:_NAMED]]
        more = len(self.bad) - len(named)
        listed = ", ".join(named) + (f" and {more:,} more" if more else "")
        count = f"{len(self.bad):,} of {len(self.files):,} images in {self.folder}"
        if on_bad_image == "fail":
            raise UserError(
                f"Cannot use {count}: {listed}. Repair or remove them, or leave them out with "
                "--on_bad_image=skip."
            )
        if len(self.bad) > _TOLERATED * len(self.files):
            raise UserError(
                f"Cannot use {count}: {listed}. This is more than the 1 % that --on_bad_image=skip "
                "leaves out; repair or remove them."
            )
        print(f"Warning: left out {count}: {listed}.", file=sys.stderr)


def _shown(path):
    return path if path.isprintable() else repr(path)


def _reason(error):
    """Returns what a decoder said, without the names of the pipeline around it."""
    line = error.message.split("\n")[0].split("[[")[0]
    return re.sub(r"^.*(Iterator::[^ ]*|\}\}) ", "", line).strip().rstrip(".")
