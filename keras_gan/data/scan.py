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
_NAMED = 5
_SHOW_PROGRESS = 10_000  # images


class Scan:
    """Goes through the images of a folder; what cannot be used is refused or left out.

    Args:
        folder: Path of the folder.
        files: Paths of its images.
        on_bad_image: `"fail"` at the first file that cannot be used, or
            `"skip"` such files as long as they are at most 1 % of all.
    """

    def __init__(self, folder, files, on_bad_image="fail"):
        self.folder, self.files, self.on_bad_image = folder, files, on_bad_image
        self.bad = {}

    def reject(self, path, reason):
        """Leaves a file out, or raises `UserError` if there is to be no such file, or no more."""
        self.bad[path] = reason
        if self.on_bad_image == "fail":
            raise UserError(
                f"Cannot use the image {path}: {reason}. Repair or remove it, or leave such files "
                "out with --on_bad_image=skip."
            )
        if len(self.bad) > _TOLERATED * len(self.files):
            raise UserError(
                f"More than 1 % of the {len(self.files):,} images in {self.folder} cannot be used: "
                f"{self._listed()}. Repair or remove them."
            )

    def check_headers(self):
        """Rejects what can be told without decoding; returns the paths of the others."""
        root = os.path.realpath(self.folder)
        for path in self.files:
            try:
                headers.check(path, root)
            except headers.BadImageError as error:
                self.reject(path, str(error))
        return [path for path in self.files if path not in self.bad]

    def decode(self, files, load_file, limit):
        """Decodes files, rejecting those that cannot be.

        Args:
            files: Paths.
            load_file: Function from a path tensor to a prepared uint8 image.
            limit: Largest size in bytes of all images together to keep.

        Returns:
            (shape of an image, array [N, *shape] of the good ones, or `None` if
            they are too large together).
        """
        data = tf.data.Dataset.from_tensor_slices(files).map(
            load_file, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        decoded = iter(data.prefetch(tf.data.AUTOTUNE))
        first, shape, array, kept, progress = None, None, None, 0, None
        if len(files) >= _SHOW_PROGRESS:
            progress = keras.utils.Progbar(len(files), unit_name="image")
        for number, path in enumerate(files):
            if progress:
                progress.update(number + 1)
            try:
                image = next(decoded).numpy()
            except tf.errors.OpError as error:
                self.reject(path, _reason(error))
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

    def report(self):
        """Tells the user what was left out."""
        if self.bad:
            print(
                f"Warning: left out {len(self.bad):,} of {len(self.files):,} images in "
                f"{self.folder}: {self._listed()}.",
                file=sys.stderr,
            )

    def _listed(self):
        named = [f"{path} ({reason})" for path, reason in list(self.bad.items())[:_NAMED]]
        more = len(self.bad) - len(named)
        return ", ".join(named) + (f" and {more:,} more" if more else "")


def _reason(error):
    """Returns what a decoder said, without the names of the pipeline around it."""
    line = error.message.split("\n")[0].split("[[")[0]
    return re.sub(r"^.*(Iterator::[^ ]*|\}\}) ", "", line).strip().rstrip(".")
