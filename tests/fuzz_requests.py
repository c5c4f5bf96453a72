"""Sends random requests to every signature of a SavedModel in TensorFlow's native session.

python tests/fuzz_requests.py SAVED_MODEL COUNT MOST_ROWS < places.json

Prints as JSON how many were answered and refused, the codes of refusals, and by
how many megabytes the process grew. Values are drawn so that many requests are
nearly right: one of shape, type or value is off.
"""

import json
import resource
import sys

import numpy as np
from native_session import NativeError, NativeSession

TYPES = ("float32", "float64", "int32", "int64", "uint8", "bool", "float16", "uint64")
SPECIAL = (np.nan, np.inf, -np.inf, 3.4e38, -3.4e38, 1e-45, 0.0, -1.0, 2**31, 2**53, 2**63)


def request(draw, right_type, right_shape, largest):
    """Returns one random array for an input [N, *right_shape]; sides of `None` are any."""
    count = int(draw.choice([0, 1, 2, 7, largest, largest + 1, draw.integers(0, 3 * largest)]))
    sides = [int(draw.integers(4, 20)) if side is None else side for side in right_shape]
    shape = [count, *sides]
    kind = draw.integers(6)
    if kind == 0:  # Another shape.
        shape = [int(n) for n in draw.integers(0, 9, draw.integers(0, 6))]
    elif kind == 1:
        shape[draw.integers(len(shape))] = int(draw.choice([0, 1, 3, 5, 1000]))
    dtype = str(draw.choice(TYPES)) if kind == 2 else right_type
    values = draw.normal(size=shape) * 10.0 ** draw.integers(-3, 39 if kind == 3 else 2)
    if kind == 4 and values.size:
        values.flat[draw.integers(values.size)] = draw.choice(SPECIAL)
    with np.errstate(all="ignore"):
        if dtype == "int64" and kind == 5:
            return draw.integers(-(2**63), 2**63 - 1, shape)
        return np.asarray(values).astype(dtype)


def megabytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def main(directory, count, most):
    session = NativeSession(directory)
    signatures = json.load(sys.stdin)
    draw = np.random.default_rng(0)
    answered, refused, grown, after_start = 0, {}, 0.0, None
    for number in range(count):
        name = sorted(signatures)[number % len(signatures)]
        inputs, outputs = signatures[name]
        fed = {
            tensor: request(draw, right_type, right_shape, most)
            for tensor, right_type, right_shape in inputs.values()
        }
        try:
            session.run(fed, list(outputs.values()))
            answered += 1
        except NativeError as error:
            refused[error.code] = refused.get(error.code, 0) + 1
        if number == 200:  # What the session keeps for itself is there by then.
            after_start = megabytes()
        if after_start:
            grown = max(grown, megabytes() - after_start)
    print(json.dumps({"answered": answered, "refused": refused, "grown": grown}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
