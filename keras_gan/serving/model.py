"""An exported model as a server holds it: its versions, and the labels for them."""

import os
import re
import threading

import tensorflow as tf

from keras_gan.errors import UserError, first_line
from keras_gan.serving.batching import Limits
from keras_gan.serving.status import failure
from keras_gan.serving.version import Version


class Model:
    """The versions of an export directory, as they are when the server starts.

    Labels, and which versions are served where not all are, come from the
    directory's `models.config`. The newest version is loaded at once, another
    when it is first asked for.

    Args:
        export_dir: What `export.py` wrote into: it has `saved_model/<version>`.
        name: What clients call the model.
        batching: Whether to merge requests, by the directory's `batching.config`.

    Raises:
        UserError: If there is nothing to serve, or it cannot be loaded.
    """

    def __init__(self, export_dir, name, batching=False):
        self.name, self.export_dir = name, export_dir
        self._base = os.path.join(export_dir, "saved_model")
        plain = (entry for entry in _entries(self._base) if re.fullmatch("[1-9][0-9]*", entry))
        present = sorted(map(int, plain), reverse=True)
        config = _read(os.path.join(export_dir, "models.config"))
        pinned = set(map(int, re.findall(r"\bversions\s*:\s*(\d+)", config)))
        label = r'version_labels\s*:?\s*\{\s*key\s*:\s*"(\w+)"\s*,?\s*value\s*:\s*(\d+)'
        self.labels = {key: int(value) for key, value in re.findall(label, config)}
        self.numbers = [number for number in present if number in pinned or not pinned]
        if not self.numbers:
            raise UserError(
                f"There is no version to serve in {self._base}: expected folders 1, 2, ... that "
                "export.py wrote"
                + (f", of them those in models.config: {sorted(pinned)}." if pinned else ".")
                + " Received: "
                + (f"{present}." if present else "none. Run python export.py first.")
            )
        missing = {key: value for key, value in self.labels.items() if value not in self.numbers}
        if missing:
            raise UserError(
                f"The labels of models.config must name served versions, of {self.numbers}. "
                f"Received: {missing}."
            )
        text = _read(os.path.join(export_dir, "batching.config"))
        self.limits = Limits.from_text(text) if batching else None
        self._lock, self._loaded = threading.Lock(), {}
        try:
            self.find(name)
        except tf.errors.OpError as error:
            raise UserError(first_line(error)) from None

    def find(self, name, number=None, label=None):
        """Returns the `Version` of a request, by default the newest."""
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
                f"Received: {name!r}, version {number}.",
            )
        with self._lock:
            if number not in self._loaded:
                path = os.path.join(self._base, str(number))
                self._loaded[number] = Version(path, number, self.limits)
        return self._loaded[number]


def _entries(path):
    try:
        return os.listdir(path)
    except OSError as error:
        raise UserError(
            f"There is no export to serve in {path}: {error.strerror}. Expected the --export_dir "
            "that export.py wrote into, with saved_model/1."
        ) from None


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return re.sub(r"#.*", "", file.read())
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise UserError(f"Cannot read {path}: {first_line(error)}.") from None
