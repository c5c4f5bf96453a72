"""Shows what a function makes: a grid of samples, rows of source | output, or texts.

Sample grids in training, model cards and evaluations all call this module. It looks at the ports
of a function and knows no system.
"""

from typing import NamedTuple

import numpy as np

from keras_gan.drawing import pictures
from keras_gan.game.ports import Images, Tokens

_PAIRS = 16  # Pairs of source and output in a picture, at most.
_TEXTS = 32  # Sequences of tokens.


class Shown(NamedTuple):
    """What can be seen of some examples; both are `None` if nothing can.

    Attributes:
        picture: uint8 array [height, width, channels], or `None`.
        texts: List of texts, or `None`.
    """

    picture: np.ndarray | None = None
    texts: list | None = None


def show(model, name=None, real=None, averaged=True):
    """Returns what a function shows, always from the same seeds or the same real examples.

    Args:
        model: An `AdversarialModel`.
        name: Name of the function. Default: the main one.
        real: Real examples, a dict of arrays [N, ...] by key. A function of images or tokens
            shows nothing without those of its input.
        averaged: Whether to run the averaged network or the one that trains.

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
    """Returns what examples of a port show, such as outputs or real examples.

    Args:
        port: The `ports.Port`.
        examples: Array [N, ...].
        reference: Real examples [M, 2] to draw in grey behind points in the plane.
        columns: Images in a row of the grid; see `pictures.grid`.

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
    """Returns the picture of source | output, pair after pair, as uint8.

    Args:
        sources: List of arrays of images [N, H, W, C] in [-1, 1] or uint8, one for each input.
        outputs: Array of as many images, of any size and number of channels.
    """
    return pictures.side_by_side(*sources, outputs)


def count_of(port):
    """Returns how many examples of a port are shown at most."""
    if isinstance(port, Tokens):
        return _TEXTS
    if None in port.shape:
        return _PAIRS
    return pictures.count_that_fits(port.shape)


def _show_given(function, real, averaged):
    """Returns what a function shows whose inputs are not all drawn."""
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
    images = [rows for port, rows in zip(ports, sources, strict=True) if _are_images(port)]
    if images and function.draws_images:
        return Shown(show_pairs(images, outputs))
    return show_examples(function.output, outputs, real.get(function.output.key))


def _are_images(port):
    return isinstance(port, Images) and port.are_images
