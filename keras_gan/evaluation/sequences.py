"""Features and measures of sequences of tokens."""

import numpy as np

_UNIGRAMS, _BIGRAMS = 64, 192  # Features, at most; larger vocabularies share them.
_HASH = 2654435761  # Knuth's multiplier, modulo 2^32.


def ngram_features(tokens, vocabulary_size):
    """Counts single tokens and pairs of neighbours in each sequence.

    Tokens and pairs that are too many for a feature each are spread over 64 and 192 features by
    a fixed hash.

    Args:
        tokens: Integers [N, length].
        vocabulary_size: Number of different tokens.

    Returns:
        float32 array [N, D]: the counts.
    """
    size = vocabulary_size
    single = _buckets(np.int64(tokens), size, _UNIGRAMS)
    pairs = _buckets(bigrams(tokens, size), size * size, _BIGRAMS)
    return np.concatenate([_counts(*single), _counts(*pairs)], axis=1)


def bigrams(tokens, vocabulary_size):
    """Returns a number for each pair of neighbours, int64 [N, length - 1]."""
    tokens = np.int64(tokens)
    return tokens[:, :-1] * vocabulary_size + tokens[:, 1:]


def measure_sequences(real, fake, vocabulary_size):
    """Measures how varied sequences are, and how their pairs of neighbours are distributed.

    `distinct` is the share of different sequences among the samples, `distinct_of_real` that of
    as many real ones: below it, samples repeat themselves. `bigram_distance` is the total variation
    between the frequencies of pairs of neighbours, 0 where they are equal and 1 where none is in
    both.

    Args:
        real: Integers [N, length].
        fake: Integers [M, length].
        vocabulary_size: Number of different tokens.

    Returns:
        Values by name.
    """
    count = min(len(real), len(fake))
    return {
        "distinct": _distinct(fake[:count]),
        "distinct_of_real": _distinct(real[:count]),
        "bigram_distance": _variation(*(bigrams(x, vocabulary_size) for x in (real, fake))),
    }


def copied(samples, training):
    """Returns the share of sequences that are training sequences, token by token."""
    known = {row.tobytes() for row in np.int64(training)}
    return float(np.mean([row.tobytes() in known for row in np.int64(samples)]))


def _distinct(tokens):
    return len(np.unique(tokens, axis=0)) / len(tokens)


def _variation(first, second):
    """Returns half the sum of the differences between the shares of each number."""
    if not (first.size and second.size):
        return 0.0
    numbers, places = np.unique(np.concatenate([first, second], axis=None), return_inverse=True)
    parts = np.split(places.ravel(), [first.size])
    shares = [np.bincount(part, minlength=len(numbers)) / len(part) for part in parts]
    return float(np.abs(shares[0] - shares[1]).sum() / 2.0)


def _buckets(numbers, count, most):
    """Returns (the feature of each number below `count`, the number of features)."""
    if count <= most:
        return numbers, count
    return (numbers * _HASH % 2**32) * most >> 32, most


def _counts(buckets, size):
    rows = np.arange(len(buckets))[:, np.newaxis] * size + buckets
    counts = np.bincount(rows.ravel(), minlength=len(buckets) * size)
    return counts.reshape(len(buckets), size).astype(np.float32)
