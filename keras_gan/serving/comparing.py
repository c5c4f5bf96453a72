"""Compares what a written file answers with what Keras answers, and tells rounding from faults."""

import numpy as np

from keras_gan.layers.core import dtype_policy

TOLERANCE = 1e-5
_ROUNDINGS = 3  # A file may round as much twice, and Keras rounds once.
_TIES = 3  # Tokens of a sequence that may be decided by rounding.


def fault_of_values(received, expected, level, rounding):
    """Returns in words how values differ, or `None`.

    Args:
        received: Array.
        expected: Array of the same shape.
        level: Distance between the levels to which the file rounds, or 0.
        rounding: Function without arguments that returns how far `expected` is from exact
            values; called where the values differ more than by `TOLERANCE`.
    """
    difference = np.max(np.abs(received - expected))
    allowed = TOLERANCE * max(1.0, np.max(np.abs(expected))) + level / 2.0
    if difference <= allowed:
        return None
    # Deep networks round by more than that, in Keras, too.
    allowed = max(allowed, _ROUNDINGS * rounding() + level / 2.0)
    if difference <= allowed:
        return None
    return f"the largest difference is {difference:.2g}, allowed is {allowed:.2g}"


def fault_of_tokens(received, expected, function, rows):
    """Returns in words where tokens differ, or `None`.

    A sampler takes the token whose interval holds a drawn number. Where the number is at the
    end of an interval, rounding decides, and the rest of the sequence follows. So other tokens
    are a fault unless Keras gives them for latents that differ by 1e-5 or less.

    Args:
        received: Integer array [N, length].
        expected: Integer array of the same shape.
        function: The `game.functions.Function`.
        rows: Its inputs by name.
    """
    for row in np.flatnonzero((received != expected).any(axis=1)):
        own = {port.name: rows[port.name][row : row + 1] for port in function.inputs}
        if not (function.latents and _is_tie(function, own, received[row])):
            place = np.flatnonzero(received[row] != expected[row])[0]
            token, right = received[row, place], expected[row, place]
            return f"token {place} of row {row} is {token}, not {right}"
    return None


def _is_tie(function, rows, received):
    """Tells whether Keras gives a sequence [length] for latents very near to those of a row."""
    name = function.latents.name
    latents, others = rows[name], {key: x for key, x in rows.items() if key != name}
    steps = TOLERANCE * np.concatenate([np.eye(latents.shape[1]), -np.eye(latents.shape[1])])
    many = {key: np.repeat(x, len(steps), axis=0) for key, x in others.items()}
    for _ in range(_TIES):
        near = (latents + steps).astype("float32")
        answers = function.run({**many, name: near})
        agreeing = np.cumprod(answers == received, axis=1).sum(axis=1)
        best = np.argmax(agreeing)
        if agreeing[best] == len(received):
            return True
        latents = near[best : best + 1]
    return False


def rounding(function, rows, expected):
    """Returns the largest difference of Keras' output from that in double precision.

    It is 0 for networks that cannot be made anew in double precision.

    Args:
        function: The `game.functions.Function`.
        rows: Its inputs by name.
        expected: What its averaged network makes of them.
    """
    network = function.averaged
    with dtype_policy("float64"):
        exact = type(network).from_config(network.get_config())
    exact.set_weights(network.get_weights())
    return np.max(np.abs(expected - np.asarray(function.apply(exact, rows))))
