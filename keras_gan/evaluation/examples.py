"""Turns real and generated examples into what the measures take: features and images."""

from typing import NamedTuple

import numpy as np

from keras_gan.drawing.pictures import to_bytes
from keras_gan.metrics.inputs import check_features

_IMAGE_BYTES = 2**30  # Of images that are kept beside the features.
_BATCH = 64


class Examples(NamedTuple):
    """A set of real or generated examples.

    Attributes:
        features: [N, D] float32.
        probabilities: Of classes, [N, K], or `None`.
        images: The examples, [M, *shape]: all N, or the first ones that fit into
            memory; images as uint8, vectors as they are.
    """

    features: np.ndarray
    probabilities: np.ndarray | None
    images: np.ndarray

    @property
    def labels(self):
        """The most likely class of each, [N], or `None`."""
        return None if self.probabilities is None else self.probabilities.argmax(axis=1)


def gather(parts, extractor, room=_IMAGE_BYTES):
    """Returns the `Examples` of float32 arrays [n, *shape] that come one after another.

    Args:
        parts: The arrays.
        extractor: `Extractor`.
        room: Bytes of images to keep at most.

    Raises:
        UserError: For values that are not finite.
    """
    features, probabilities, images = [], [], []
    for part in parts:
        check_features("samples", part.reshape(len(part), -1))
        kept = stored(part)
        kept = kept[: room // kept[0].nbytes]
        room -= kept.nbytes
        images.append(kept)
        some, likely = extractor(part)
        features.append(some)
        probabilities.append(likely)
    return Examples(
        np.concatenate(features),
        None if probabilities[0] is None else np.concatenate(probabilities),
        np.concatenate(images),
    )


def stored(examples):
    """Returns images in [-1, 1] as uint8, and vectors as they are."""
    return to_bytes(examples) if examples.ndim == 4 else examples


def real_parts(source, count, batch_size=_BATCH):
    """Yields the first `count` examples of a `Source` in serving order, as arrays."""
    size = min(batch_size, count)
    for number, batch in enumerate(source.batches(size).take(-(-count // size))):
        yield batch[source.key].numpy()[: count - number * size]


def real_labels(source, count):
    """Returns the labels [count] of what `real_parts` yields."""
    size = min(_BATCH, count)
    batches = source.batches(size).take(-(-count // size))
    return np.concatenate([batch["label"].numpy() for batch in batches])[:count]


def generated_parts(function, count, seed, inputs=None, batch_size=_BATCH):
    """Yields `count` outputs of a function's averaged network, as arrays.

    Args:
        function: `Function`.
        count: Number of outputs.
        seed: What is drawn depends on (seed, index).
        inputs: `Source`s of the inputs that must be given, by the names of their ports: their
            first examples, in order.
        batch_size: Outputs in an array.
    """
    inputs = {
        name: real_parts(source, count, batch_size) for name, source in (inputs or {}).items()
    }
    for start in range(0, count, batch_size):
        seeds = [(seed, i) for i in range(start, min(start + batch_size, count))]
        yield function.sample(seeds, **{name: next(parts) for name, parts in inputs.items()})
