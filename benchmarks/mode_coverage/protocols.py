"""The protocols by name."""

from benchmarks.mode_coverage import digits, mixtures, stacked
from benchmarks.mode_coverage.protocol import DATASETS, NAMES


def get(name, dataset=DATASETS[0]):
    """Returns a protocol; `dataset` has the digits of `stacked`."""
    if name == "stacked":
        return stacked.protocol(dataset)
    return digits.protocol() if name == "digits" else mixtures.protocol(name)


def every():
    """Returns all of them, in the document's order."""
    return [get(name) for name in NAMES] + [get("stacked", other) for other in DATASETS[1:]]
