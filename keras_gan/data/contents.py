"""What a dataset consists of, to tell whether a run continues with the data it began with."""

import gzip
import hashlib
import json
import zlib

import numpy as np

from keras_gan import files
from keras_gan.errors import UserError, printable

_MOST = 2**30  # Bytes. A longer listing is not read, as it could be an attack.
_PLURALS = {"file": "files", "array": "arrays", "property": "properties"}


class Contents:
    """The parts of a dataset, in the order of its examples.

    Args:
        kind: What a part is: `file`, `array` or `property`.
        parts: Dict from the name of each part to a text or number that changes with it: the size
            of a file in bytes, the type, shape and digest of an array, or the value of a property.
    """

    def __init__(self, kind, parts):
        self.kind, self.parts = kind, dict(parts)

    @classmethod
    def of_arrays(cls, arrays):
        """Describes arrays by their types, shapes and values; `arrays` is a dict."""
        return cls("array", {name: _described(arrays[name]) for name in sorted(arrays)})

    @property
    def digest(self):
        """The SHA-256 of the contents in hexadecimal digits."""
        return hashlib.sha256(self._text()).hexdigest()

    def difference(self, other):
        """Returns the first difference of later contents in words, or `None`.

        Args:
            other: The `Contents` of the same dataset, now.
        """
        if self.kind != other.kind:
            was, is_now = (_PLURALS.get(one.kind, one.kind) for one in (self, other))
            return f"it was made of {was}, now of {is_now}"
        before, now = list(self.parts), list(other.parts)
        for old, new in zip(before, now, strict=False):
            if old != new and new not in self.parts:
                return f"{self.kind} {printable(new)} is new"
            if old != new and old not in other.parts:
                return f"{self.kind} {printable(old)} is gone"
            if old != new:
                return f"{self.kind} {printable(new)} comes before {printable(old)}"
            if self.parts[old] != other.parts[new]:
                values = self.parts[old], other.parts[new]
                was, is_now = map(self._shown, values)
                return f"{self.kind} {printable(old)} was {was}, is now {is_now}"
        for name in before[len(now) :]:
            return f"{self.kind} {printable(name)} is gone"
        for name in now[len(before) :]:
            return f"{self.kind} {printable(name)} is new"
        return None

    def _shown(self, value):
        return f"{value:,} bytes" if self.kind == "file" else value

    def _text(self):
        return json.dumps([self.kind, list(self.parts.items())]).encode()

    def write(self, path):
        """Writes the contents into a compressed file.

        Raises:
            OSError: If the file cannot be written.
        """
        files.write_bytes(path, gzip.compress(self._text(), mtime=0))

    @classmethod
    def read(cls, path):
        """Reads what `write` wrote, or returns `None` if there is no such file.

        Raises:
            UserError: If the file is damaged.
        """
        try:
            with gzip.open(path) as file:
                kind, parts = json.loads(file.read(_MOST))
            if not all(isinstance(name, str) for name in dict(parts)):
                raise TypeError("a name is no text")
            return cls(str(kind), parts)
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, TypeError, RecursionError, zlib.error) as error:
            raise UserError(
                f"Cannot read {path}: {error}. Remove it to go on without comparing the data."
            ) from None


def together(contents):
    """Joins `Contents` by name of their datasets. Returns `None` if one of them is `None`."""
    if None in contents.values():
        return None
    kinds = {one.kind for one in contents.values()}
    parts = {f"{name}: {k}": v for name, one in contents.items() for k, v in one.parts.items()}
    return Contents(kinds.pop() if len(kinds) == 1 else "part", parts)


def _described(array):
    values = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    digest = hashlib.sha256(values).hexdigest()[:12]
    return f"{array.dtype} {array.shape} with the digest {digest}"
