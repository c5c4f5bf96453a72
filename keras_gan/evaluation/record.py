"""Writes and reads the record of an evaluation, and tells which records compare."""

import json
import os
from typing import NamedTuple

import keras_gan
from keras_gan.errors import UserError
from keras_gan.evaluation.measures import BETTER, ERRORS
from keras_gan.files import write_text
from keras_gan.runs.config import changes

FILE = "evaluation.json"
# Settings whose difference makes numbers incomparable.
_DECISIVE = (
    "dataset", "domain", "split", "shape", "crop", "features", "extractor", "resizer",
    "n_real", "n_fake",
)  # fmt: skip


class Evaluation(NamedTuple):
    """What was measured, and how.

    Attributes:
        settings: Plain JSON values by name.
        values: Numbers by name.
        notes: Warnings for the reader.
        classes: Numbers by name for each class' name, of samples of given classes.
    """

    settings: dict
    values: dict
    notes: list
    classes: dict | None = None

    def write(self, directory):
        """Writes evaluation.json into a directory; returns its path."""
        path = os.path.join(directory, FILE)
        made = {"keras_gan": keras_gan.__version__, "settings": self.settings}
        told = {"measures": self.values, "notes": self.notes}
        if self.classes:
            told["classes"] = self.classes
        text = json.dumps({**made, **told}, indent=2)
        write_text(path, text + "\n")
        return path


def read(directory):
    """Returns what evaluation.json in a directory says as an `Evaluation`, or `None`.

    Raises:
        UserError: If there is such a file that is no evaluation.
    """
    path = os.path.join(directory, FILE)
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        return Evaluation(dict(found["settings"]), dict(found["measures"]), list(found["notes"]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UserError(
            f"Cannot read {path}: {type(error).__name__} {error}. Move it away to evaluate anew."
        ) from None


def differences(one, other):
    """Returns in words which settings make two evaluations incomparable; empty if none do."""
    first, second = ({name: s.get(name) for name in _DECISIVE} for s in (one, other))
    return "; ".join(f"{name} {old} and {new}" for name, old, new in changes(first, second))


def table(evaluations):
    """Returns the lines of a table, a column for each of `{title: Evaluation}`."""
    names = [name for name in BETTER if any(name in e.values for e in evaluations.values())]
    rows = [["", *evaluations, "better"]]
    for name in names:
        told = [_told(name, e.values) for e in evaluations.values()]
        rows.append([name.replace("_", " "), *told, BETTER[name]])
    return _aligned(rows)


def table_of_classes(classes):
    """Returns the lines of a table of `Evaluation.classes`, the worst class first."""
    columns = ("samples", "agreement", "precision", "recall")
    rows = [["class", *columns]]
    for name, values in sorted(classes.items(), key=lambda item: item[1].get("agreement", 2.0)):
        rows.append([name, *(_told(column, values) for column in columns)])
    return _aligned(rows)


def _aligned(rows):
    """Returns lines of rows of cells, the first column to the left and the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        (
            f"{row[0]:{widths[0]}}  "
            + "  ".join(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        ).rstrip()
        for row in rows
    ]


def _told(name, values):
    if name not in values:
        return "-"
    told = f"{values[name]:.4g}"
    error = values.get(ERRORS.get(name))
    return told if error is None or error != error else f"{told} +- {error:.2g}"
