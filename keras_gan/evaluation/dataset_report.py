"""Describes a dataset, with a hint at how many latents it may need."""

import math

import numpy as np

from keras_gan import latent_space
from keras_gan.evaluation.examples import real_parts, stored
from keras_gan.evaluation.real_data import check_enough

_MOST = 10_000  # Examples that are looked at, at most.
_NUMBERS = 2**27  # In them together.


def lines(source, split):
    """Returns the lines of a report on a `Source`."""
    check_enough(source, source.num_examples)
    count = min(source.num_examples, _MOST, max(50, _NUMBERS // math.prod(source.shape)))
    shape = "x".join(map(str, source.shape))
    told = [f"{source.name} ({split}): {source.num_examples:,} examples of {shape}"]
    if count < source.num_examples:
        told.append(f"  looked at      the first {count:,} in serving order")
    if source.num_classes:
        told.append(f"  classes        {source.num_classes}{_sizes(source, count)}")
    parts = np.concatenate([stored(part) for part in real_parts(source, count)])
    means, squares = (np.mean([np.mean(np.float64(x) ** power) for x in parts]) for power in (1, 2))
    unit = " (0 to 255)" if parts.dtype == np.uint8 else ""
    deviation = math.sqrt(max(squares - means**2, 0.0))
    told.append(f"  values         mean {means:.4g}, deviation {deviation:.4g}{unit}")
    found = latent_space.intrinsic_dimension(parts)
    told += [
        f"  duplicates     {found.duplicates:,}",
        f"  intrinsic      {found.dimension:.1f} +- {found.standard_error:.1f} dimensions, by the "
        "two nearest neighbours of each example",
        f"A latent_dim (--model_arg=latent_dim=N) well below {round(found.dimension)} would leave "
        "out some of what varies;",
        "more does little harm. It is a hint: above some 10 dimensions the estimate falls short.",
        "Published by such methods: MNIST 6 to 13, photographs of faces about 20.",
    ]
    return told


def _sizes(source, count):
    labels = np.concatenate(
        [batch["label"].numpy() for batch in source.batches(100).take(-(-count // 100))]
    )[:count]
    sizes = np.bincount(labels[labels >= 0], minlength=source.num_classes)
    return f", of {sizes.min():,} to {sizes.max():,} examples"
