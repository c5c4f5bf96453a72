"""What a dataset is like, with a hint at how many latents it may need."""

import numpy as np

from keras_gan import latent_space
from keras_gan.evaluation.examples import real_parts, stored
from keras_gan.evaluation.judge import check_enough

_MOST = 10_000  # Examples that are looked at.


def lines(source, split):
    """Returns the lines of a report on a `Source`."""
    check_enough(source, source.num_examples)
    count = min(source.num_examples, _MOST)
    shape = "x".join(map(str, source.shape))
    told = [f"{source.name} ({split}): {source.num_examples:,} examples of {shape}"]
    if count < source.num_examples:
        told.append(f"  looked at      the first {count:,} in serving order")
    if source.num_classes:
        told.append(f"  classes        {source.num_classes}{_sizes(source, count)}")
    parts = np.concatenate([stored(part) for part in real_parts(source, count)])
    flat = parts.reshape(count, -1)
    unit = "grey levels of 0 to 255" if parts.dtype == np.uint8 else "numbers"
    told.append(f"  {unit:13}  mean {flat.mean():.4g}, deviation {flat.std():.4g}")
    found = latent_space.intrinsic_dimension(parts)
    told += [
        f"  duplicates     {found.duplicates:,}",
        f"  intrinsic      {found.dimension:.1f} +- {found.standard_error:.1f} dimensions, by the "
        "two nearest neighbours of each example",
        f"A latent_dim (--model_arg=latent_dim=N) below {np.ceil(found.dimension):.0f} would leave "
        "out some of what varies;",
        "more than needed does little harm. The estimate falls short above some 10 dimensions.",
        "Published with this or like methods: MNIST 6 to 13, photographs of faces about 20.",
    ]
    return told


def _sizes(source, count):
    labels = np.concatenate(
        [batch["label"].numpy() for batch in source.batches(100).take(-(-count // 100))]
    )[:count]
    sizes = np.bincount(labels, minlength=source.num_classes)
    return f", of {sizes.min():,} to {sizes.max():,} examples"
