"""The dataset `digits`: 1,797 handwritten digits of the UCI repository, shipped by scikit-learn.

The images are 8x8 with 17 grey levels. Nothing is downloaded. After importing `digits_builder`,
`tfds.load("digits")` loads them too.
"""

import functools

import numpy as np

from keras_gan.data.arrays import prepare
from keras_gan.data.source import ArraySource
from keras_gan.errors import UserError

SPLITS = ("train", "test", "all")
_TEST_EXAMPLES = 360


@functools.cache
def arrays(split):
    """Returns (images uint8 [N, 8, 8, 1], labels int64 [N]) of a split.

    `train` (1,437) and `test` (360) are a fixed, stratified division of `all`.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    if split not in SPLITS:
        raise UserError(f"digits has the splits {', '.join(SPLITS)}. Received: --split={split}.")
    bunch = load_digits()
    images = np.round(bunch.images * (255.0 / 16.0)).astype(np.uint8)[..., np.newaxis]
    labels = bunch.target.astype(np.int64)
    parts = {"all": np.arange(len(images))}
    parts["train"], parts["test"] = train_test_split(
        parts["all"], test_size=_TEST_EXAMPLES, stratify=labels, random_state=0
    )
    chosen = np.sort(parts[split])
    return images[chosen], labels[chosen]


def load(split, preparation):
    """Loads the digits of a split as a `Source`; see `data.load_dataset`."""
    images, labels = arrays(split)
    names = tuple(str(digit) for digit in range(10))
    return ArraySource("digits", prepare(images, preparation), labels, names)
