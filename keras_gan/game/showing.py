"""Draws the outputs of a function: a grid of samples, source | output pairs, or texts.

Sample grids in training, model cards and evaluations all use this module. It reads the ports of
a function, so it works for any system.
"""

from typing import NamedTuple

import numpy as np

from keras_gan.drawing import pictures
from keras_gan.game.ports import Images, Tokens

_PAIRS = 16  # Most pairs of source and output in a picture.
_TEXTS = 32  # Most sequences of tokens.


class Shown(NamedTuple):
    """A picture or a list of texts. Both are `None` if the examples cannot be shown.

    Attributes:
        picture: uint8 array [height, width, channels], or `None`.
        texts: List of texts, or `None`.
    """

    picture: np.ndarray | None = None
    texts: list | None = None


def show(model, name=None, real=None, averaged=True):
    """Runs a function on fixed seeds, or on the first real examples, and draws the outputs.

    Args:
        model: An `AdversarialModel`.
        name: Name of the function. Default: the main one.
        real: Real examples, a dict of arrays [N, ...] by key. A function that takes images or
            tokens needs them under its input's key; without them nothing is shown.
        averaged: Whether to run the averaged network. `False` runs the one in training.

    Returns:
        `Shown`.
    """
    function, real = model.function(name), real or {}
    if function.given:
        return _show_given(function, real, averaged)
    pairs, given, columns = model.showcase(count_of(function.output), function=name)
    outputs = function.sample(pairs, averaged, **given)
    return show_examples(function.output, outputs, real.get(function.output.key), columns)


def show_examples(port, examples, reference=None, columns=None):
    """Draws examples, such as outputs of a function or real examples.

    Args:
        port: The `ports.Port` that describes them.
        examples: Array [N, ...].
        reference: Real examples [M, 2] to draw in grey behind points in the plane.
        columns: Number of images in a row of the grid; see `pictures.grid`.

    Returns:
        `Shown`.
    """
    if isinstance(port, Tokens):
        return Shown(texts=port.text(examples))
    if not isinstance(port, Images):
        return Shown()
    reference = None if port.are_images else reference
    return Shown(pictures.picture(examples, reference, columns))


def show_pairs(sources, outputs):
    """Draws source and output images side by side, as a uint8 picture.

    Args:
        sources: List of arrays of images [N, H, W, C] in [-1, 1] or uint8, one for each input.
        outputs: Array of N images. Their size and number of channels may differ.
    """
    return pictures.side_by_side(*sources, outputs)


def count_of(port):
    """Returns the largest number of examples to show for a port."""
    if isinstance(port, Tokens):
        return _TEXTS
    if None in port.shape:
        return _PAIRS
    return pictures.count_that_fits(port.shape)


def _show_given(function, real, averaged):
    """Draws the outputs of a function that needs real inputs."""
    ports = function.given
    if any(port.key not in real for port in ports):
        return Shown()
    sources = [real[port.key] for port in ports]
    count = min(_PAIRS, *map(len, sources))
    if sources[0].ndim == 4:
        count = min(count, pictures.pairs_that_fit(sources[0].shape[1:], len(ports) + 1))
    sources = [rows[:count] for rows in sources]
    given = {port.name: rows for port, rows in zip(ports, sources, strict=True)}
    outputs = function.sample([(i, 0) for i in range(count)], averaged, **given)
    images = [rows for port, rows in zip(ports, sources, strict=True) if port.are_images]
    if images and function.draws_images:
        return Shown(show_pairs(images, outputs))
    return show_examples(function.output, outputs, real.get(function.output.key))
