"""Two datasets without pairs, each with its own order."""

import numpy as np
import pytest

from keras_gan.data import load_dataset
from keras_gan.errors import UserError


def test_a_plain_source_is_one_part():
    source = load_dataset("digits")
    assert source.shapes == {"image": (8, 8, 1)} and source.vocabulary is None
    assert source.part("image") is source
    with pytest.raises(UserError, match="digits has batches with image. Received: key 'a'"):
        source.part("a")
    batch = source.first_batch(5)
    assert batch["image"].shape == (5, 8, 8, 1) and batch["label"].shape == (5,)
    np.testing.assert_array_equal(batch["image"], source.first(5))
    assert len(source.first_batch(9999)["image"]) == 1437
