"""What a model card shows of what a system makes: a picture, or texts."""

import glob
import os
import re
from typing import NamedTuple

from keras_gan.drawing import pictures
from keras_gan.game import showing
from keras_gan.game.ports import Images, Tokens

_TEXTS = 8
_CAPTION = "{}, by the run's model, without selection."


class Illustration(NamedTuple):
    """What a card shows.

    Attributes:
        caption: What it is, a sentence.
        picture: A PNG file as bytes, or `None`.
        texts: Samples that are texts.
    """

    caption: str = ""
    picture: bytes | None = None
    texts: tuple = ()


def illustrate(model, samples):
    """Returns the `Illustration` of a model's main function.

    Samples of seeds are drawn where nothing else is needed for them; else it is the newest grid
    of the run.

    Args:
        model: An `AdversarialModel`.
        samples: The run's directory of grids, or `None`.
    """
    function = model.function()
    if function.given:
        return _newest_grid(samples) if samples else Illustration()
    if isinstance(function.output, Tokens):
        rows = model.sample(_TEXTS)
        caption = (
            f"The first {_TEXTS} samples of the seed 0, by the run's model, without selection."
        )
        return Illustration(caption, texts=tuple(function.output.text(rows)))
    return _drawn(model, function) if isinstance(function.output, Images) else Illustration()


def _drawn(model, function):
    picture = showing.show(model).picture
    if picture is None:
        return Illustration()
    shown = f"Samples of the seeds 0 to {showing.count_of(function.output) - 1}"
    if function.conditions:
        names = " and ".join(port.name for port in function.conditions)
        shown = f"Samples in rows that differ in {names}"
    return Illustration(_CAPTION.format(shown), pictures.png(picture))


def _newest_grid(samples):
    steps = {}
    for path in glob.glob(os.path.join(glob.escape(samples), "*.png")):
        if found := re.fullmatch(r"step_(\d+)\.png", os.path.basename(path)):
            steps[int(found[1])] = path
    if not steps:
        return Illustration()
    newest = max(steps)
    with open(steps[newest], "rb") as file:
        return Illustration(f"The grid that training drew at step {newest}.", file.read())
