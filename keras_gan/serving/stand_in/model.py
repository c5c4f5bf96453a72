"""The model that the stand-in serves: its versions and their labels."""

import os
import threading

import tensorflow as tf

from keras_gan.errors import UserError, first_line
from keras_gan.serving import deployment
from keras_gan.serving.stand_in.batching import Limits
from keras_gan.serving.stand_in.status import failure
from keras_gan.serving.stand_in.version import Version


class Model:
    """The versions in an export directory when the server starts.

    Labels and name come from the directory's `models.config`. The newest version is
    loaded at once, another one at its first request.

    Args:
        export_dir: The directory that `export.py` wrote, with `saved_model/<version>`.
        name: Name of the model for clients. Default: the name in `models.config`.
        batching: Whether to merge requests, with the limits in `batching.config`.

    Raises:
        UserError: If there is no version, or it cannot be loaded.
    """

    def __init__(self, export_dir, name=None, batching=False):
        self.export_dir = export_dir
        self._base = os.path.join(export_dir, "saved_model")
        self.numbers = deployment.versions(self._base)[::-1]
        if not self.numbers:
            raise UserError(
                f"There is no version to serve in {self._base}: expected folders 1, 2, ... that "
                "export.py wrote with --formats=saved_model."
            )
        served = deployment.read(export_dir)
        self.name, self.labels = name or served.name or "generator", served.labels
        missing = {key: value for key, value in self.labels.items() if value not in self.numbers}
        if missing:
            raise UserError(
                f"The labels in {os.path.join(export_dir, deployment.CONFIG)} must have existing "
                f"versions, one of {self.numbers}. Received: {missing}. Change these labels."
            )
        path = os.path.join(export_dir, deployment.BATCHING)
        self.limits = Limits.from_file(path) if batching else None
        self._lock, self._loaded = threading.Lock(), {}
        try:
            self.find(self.name)
        except tf.errors.OpError as error:
            raise UserError(first_line(error)) from None

    def find(self, name, number=None, label=None):
        """Returns the `Version` for a request; without number and label, the newest."""
        if label:
            if label not in self.labels or name != self.name:
                raise failure(
                    tf.errors.INVALID_ARGUMENT,
                    f"Expected a label of the model {self.name}: {sorted(self.labels) or 'none'}. "
                    f"Received: {label!r} of {name!r}.",
                )
            number = self.labels[label]
        number = self.numbers[0] if number is None else number
        if name != self.name or number not in self.numbers:
            raise failure(
                tf.errors.NOT_FOUND,
                f"Expected the model {self.name!r}, version {' or '.join(map(str, self.numbers))}. "
                f"Received: {name!r}" + ("." if name != self.name else f", version {number}."),
            )
        with self._lock:
            if number not in self._loaded:
                path = os.path.join(self._base, str(number))
                self._loaded[number] = Version(path, number, self.limits)
        return self._loaded[number]
