"""Sequences of tokens, all of one length: from a file, and a grammar with known probabilities."""

import numpy as np

from keras_gan.data.source import ArraySource
from keras_gan.errors import UserError

SYMBOLS = "0123456789+="
_MOST_TOKENS = 2**20  # Each is a text in the configuration of a run.
_TEST_SUMS = 20


class SequenceSource(ArraySource):
    """Sequences of tokens in memory, served as `tokens` int32 [B, T].

    Args:
        name: What the user called it.
        tokens: Integers [N, T], from 0 to the size of the vocabulary - 1.
        vocabulary: The texts of the tokens, in the order of their numbers.
    """

    key = "tokens"

    def __init__(self, name, tokens, vocabulary):
        super().__init__(name, np.asarray(tokens, np.int32))
        self.vocabulary = tuple(vocabulary)


def from_arrays(path, arrays, preparation):
    """Returns the sequences of a file as a `SequenceSource`.

    Args:
        path: The file.
        arrays: Its arrays: `tokens`, and perhaps `vocabulary`.
        preparation: `images.Preparation`, which must ask for nothing.

    Raises:
        UserError: If they do not fit.
    """
    refuse_preparation(path, preparation)
    tokens, texts = arrays["tokens"], arrays.get("vocabulary")
    fits = tokens.dtype.kind in "iu" and tokens.ndim == 2 and tokens.size
    if not fits:
        raise UserError(
            f"Expected tokens in {path} to be integers (N, length). Received: {tokens.dtype} of "
            f"shape {tokens.shape}."
        )
    if texts is not None and not (texts.dtype.kind == "U" and texts.ndim == 1):
        raise UserError(
            f"Expected vocabulary in {path} to be texts (number of tokens,). Received: "
            f"{texts.dtype} of shape {texts.shape}."
        )
    smallest, largest = int(tokens.min()), int(tokens.max())
    size = min(largest + 1, _MOST_TOKENS) if texts is None else len(texts)
    if smallest < 0 or largest >= size:
        raise UserError(
            f"Expected tokens in {path} to be 0 to {size - 1}"
            + (", the vocabulary's." if texts is not None else ".")
            + f" Received: {smallest} to {largest}."
        )
    vocabulary = map(str, range(size)) if texts is None else texts.tolist()
    return SequenceSource(path, tokens, vocabulary)


def load_arithmetic(split, preparation):
    """Returns the sums of two digits as a `SequenceSource`.

    All 100 sums, such as "3+4=07", are equally likely and have the same length. `test` are 20 of
    them, `train` the other 80 and `all` the 100: a fixed division.
    """
    refuse_preparation("arithmetic", preparation)
    texts = [f"{a}+{b}={a + b:02}" for a in range(10) for b in range(10)]
    order = np.random.default_rng(0).permutation(len(texts))
    splits = {"train": order[_TEST_SUMS:], "test": order[:_TEST_SUMS], "all": order}
    if split not in splits:
        raise UserError(
            f"arithmetic has the splits {', '.join(splits)}. Received: --split={split}."
        )
    chosen = [texts[number] for number in sorted(splits[split])]
    tokens = [[SYMBOLS.index(symbol) for symbol in text] for text in chosen]
    return SequenceSource("arithmetic", tokens, SYMBOLS)


def refuse_preparation(name, preparation):
    """Raises `UserError` if flags for images come with sequences."""
    if preparation.size or preparation.channels or preparation.crop != "center":
        raise UserError(
            f"{name} has sequences of tokens, not images: drop --image_size, --channels and --crop."
        )
