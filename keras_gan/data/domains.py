"""Two datasets A and B without pairs, for systems that translate between them.

Each side has its own shuffle and its own epochs: a batch holds any a with any b.
"""

import tensorflow as tf

from keras_gan.data import threads
from keras_gan.data.source import Source
from keras_gan.errors import UserError

KEYS = ("a", "b")
_OTHER_ORDER = 0x5BD1E995  # Any 32-bit number but 0.


class Domains(Source):
    """Two sources of images, served as `a` and `b`.

    The order of A is that of A alone with the same seed; B's comes from another seed. The two
    may differ in their numbers of examples and in their shapes.

    Args:
        a: `Source` of images or vectors.
        b: Another one.

    Attributes:
        shape: Shape of an example of A; see `shapes`.
        num_examples: Number of examples of the larger side; see `counts`.

    Raises:
        UserError: For a source of anything else.
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

    @property
    def shapes(self):
        return {key: side.shape for key, side in self.sides.items()}

    @property
    def counts(self):
        return {key: side.num_examples for key, side in self.sides.items()}

    def part(self, key):
        super().part(key)  # It knows which keys there are.
        return self.sides[key]

    def _examples(self, positions, rows, seed, start):
        raise NotImplementedError("The sides have their own pipelines.")

    def batches(self, batch_size, *, seed=0, start=0, flip=False, share=(0, 1)):
        """Returns an endless dataset of batches of both sides, each with `batch_size` examples.

        See `Source.batches` for the arguments. Every example is served once in an epoch of its
        own side. A batch has no labels.
        """
        # Seeds of 32 bits, because the shuffle looks at no more.
        seeds = {"a": seed, "b": seed ^ _OTHER_ORDER}
        kind = {"start": start, "flip": flip, "share": share}
        both = {
            key: side.batches(batch_size, seed=seeds[key], **kind)
            for key, side in self.sides.items()
        }
        batches = tf.data.Dataset.zip(both)
        return threads.fixed(
            batches.map(lambda batch: {key: side["image"] for key, side in batch.items()})
        )
