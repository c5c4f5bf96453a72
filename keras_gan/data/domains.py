"""Combines two unpaired datasets A and B, for systems that translate between them.

Each side has its own shuffle and its own epochs, so a batch combines random examples of both.
"""

import tensorflow as tf

from keras_gan.data import threads
from keras_gan.data.contents import together
from keras_gan.data.source import Source
from keras_gan.errors import UserError

KEYS = ("a", "b")
_OTHER_ORDER = 0x5BD1E995  # Any 32-bit number but 0.


class Domains(Source):
    """Serves two sources of images under the keys `a` and `b`.

    The two may differ in their numbers of examples and in their shapes. A has the same order as
    when it is served alone with the same seed. B is shuffled with another seed.

    Args:
        a: `Source` of images or vectors.
        b: `Source` of images or vectors.

    Attributes:
        shape: Shape of an example of A; see `shapes`.
        num_examples: Number of examples of the larger side; see `counts`.

    Raises:
        UserError: If a source has anything other than images.
    """

    key = "a"

    def __init__(self, a, b):
        for side in (a, b):
            if list(side.shapes) != ["image"]:
                raise UserError(
                    "--dataset and --target must both have images. Received: "
                    f"{side.name} with {', '.join(side.shapes)}."
                )
        super().__init__(f"{a.name} and {b.name}", a.shape, max(a.num_examples, b.num_examples))
        self.sides = dict(zip(KEYS, (a, b), strict=True))
        self.contents = together({"dataset": a.contents, "target": b.contents})

    @property
    def shapes(self):
        return {key: side.shape for key, side in self.sides.items()}

    @property
    def counts(self):
        return {key: side.num_examples for key, side in self.sides.items()}

    @property
    def bit_depths(self):
        return {key: side.bit_depth for key, side in self.sides.items() if side.bit_depth}

    def part(self, key):
        super().part(key)  # Checks the key.
        return self.sides[key]

    def _examples(self, positions, rows, seed, start):
        raise NotImplementedError("The sides have their own pipelines.")

    def batches(self, batch_size, *, seed=0, start=0, flip=False, share=(0, 1)):
        """Returns an endless dataset of batches with `batch_size` examples of each side.

        See `Source.batches` for the arguments. Each side serves every example once in its own
        epoch. A batch has no labels.
        """
        # Seeds of 32 bits, because the shuffle ignores the other bits.
        seeds = {"a": seed, "b": seed ^ _OTHER_ORDER}
        kind = {"start": start, "flip": flip, "share": share}
        both = {
            key: side.batches(batch_size, seed=seeds[key], **kind)
            for key, side in self.sides.items()
        }
        batches = tf.data.Dataset.zip(both)
        return threads.prepared(
            batches.map(lambda batch: {key: side["image"] for key, side in batch.items()})
        )
