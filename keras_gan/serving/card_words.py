"""The sentences of a model card that depend on what kind of function a system offers."""

from typing import NamedTuple

from keras_gan.game.ports import Tokens


class Words(NamedTuple):
    """Sentences of a card.

    Attributes:
        what: What the model is.
        use: What it is for.
        limits: What it cannot do, a sentence each.
        task: The Hugging Face Hub's name for its task, or `None`.
    """

    what: str
    use: str
    limits: tuple
    task: str | None = None


def words_of(function):
    """Returns the `Words` for a main `game.functions.Function`."""
    if function.given:
        return _of_given(function)
    if isinstance(function.output, Tokens):
        return _TEXTS
    if function.output.are_images and not function.conditions:
        return _SAMPLES._replace(task="unconditional-image-generation")
    return _SAMPLES


_GAPS = "It knows its training data and nothing else, with the gaps and the bias of that data."
_COPIES = (
    "Generative adversarial networks may leave out kinds of examples that are in the data, and a "
    "sample may be close to a training example: look before you publish samples of private data."
)
_SAMPLES = Words(
    "A generator that draws samples like its training data from random latents, trained as one "
    "player of a generative adversarial network.",
    "To draw samples like the data above: for study, for tests, as material.",
    (
        _GAPS,
        _COPIES,
        "Samples of people show nobody, and must not be passed off as photographs.",
    ),
)
_TEXTS = Words(
    "A generator that writes sequences of tokens like its training data, trained against a "
    "discriminator. It draws a sequence from random numbers, token by token.",
    "To draw sequences like the data above: for study, for tests, as material.",
    (
        _GAPS,
        _COPIES,
        "Its sentences state no facts, whatever they say.",
    ),
    "text-generation",
)


def _of_given(function):
    given = " and ".join(dict.fromkeys(port.name for port in function.given))
    from_images = all(port.are_images for port in function.given)
    returned = function.output.name
    is_translation = from_images and function.output.are_images
    return Words(
        f"Functions learned by adversarial training; the first of them takes {given} and returns "
        f"{returned}.",
        f"To make {returned} from {given} like those of the data above: for study, for tests, as "
        "material.",
        (
            _GAPS,
            f"For {given} unlike the training data it returns something nevertheless, without a "
            "warning.",
            f"What it adds to the {given} is made up: it is likely in the training data, and no "
            "evidence of anything.",
        ),
        "image-to-image" if is_translation else None,
    )
