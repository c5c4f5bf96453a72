"""Datasets of token sequences of one length: from a file, and the built-in `arithmetic`."""

import numpy as np

from keras_gan.data.source import ArraySource
from keras_gan.errors import UserError

SYMBOLS = "0123456789+="
_MOST_TOKENS = 2**20  # Largest vocabulary: a run's configuration holds the text of each token.
_TEST_SUMS = 20


class SequenceSource(ArraySource):
    """Sequences of tokens in memory, served as `tokens` int32 [B, T].

    Args:
        name: Name of the dataset, for messages.
        tokens: Integers [N, T] from 0 to the size of the vocabulary minus 1.
        vocabulary: Text of each token, in order of the token numbers.
    """

    key = "tokens"

    def __init__(self, name, tokens, vocabulary):
        super().__init__(name, np.asarray(tokens, np.int32))
        self.vocabulary = tuple(vocabulary)


def from_arrays(path, arrays, preparation):
    """Makes a `SequenceSource` from the arrays of a file.

    Args:
        path: The file.
        arrays: Dict with `tokens` and optionally `vocabulary`.
        preparation: `images.Preparation`, which must be the default.

    Raises:
        UserError: If an array has the wrong dtype, shape or range.
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
            f"Expected tokens in {path} to be from 0 to {size - 1}"
            + (", as in vocabulary." if texts is not None else ".")
            + f" Received: {smallest} to {largest}."
        )
    vocabulary = map(str, range(size)) if texts is None else texts.tolist()
    return SequenceSource(path, tokens, vocabulary)


def load_arithmetic(split, preparation):
    """Returns the 100 sums of two digits, such as "3+4=07", as a `SequenceSource`.

    All sums are equally likely and have the same length. `test` holds 20 fixed sums, `train` the
    other 80, and `all` all of them.
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
    """Raises `UserError` if flags for images are set for a dataset of sequences."""
    if preparation.size or preparation.channels or preparation.crop != "center":
        raise UserError(
            f"--image_size, --channels and --crop need images. Received: {name} with sequences of "
            "tokens. Drop these flags."
        )
