"""A run's generator on its way into files, and the answers that these must give."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from keras_gan.errors import UserError

TOLERANCE = 1e-5
LEVEL = 1.0 / 127.5  # Between neighbours of the 256 values of a byte, in [-1, 1].
BATCHES = (1, 2, 7)


def from_bytes(pixels):
    """Brings images from uint8 to [-1, 1]."""
    return pixels.astype("float32") * LEVEL - 1.0


@dataclasses.dataclass(frozen=True)
class ServedGenerator:
    """What the writers of all formats are given.

    Attributes:
        model: The `AdversarialModel`.
        network: Its averaged generator, made for inference.
        name: Name to be served under.
        max_batch: Largest number of rows that a server is to accept.
        metadata: Texts by name, to be kept with each file.
    """

    model: Any
    network: Any
    name: str
    max_batch: int
    metadata: dict
    _examples: dict = dataclasses.field(default_factory=dict, repr=False, compare=False)

    @property
    def specs(self):
        """The inputs: latents, then the conditions; the first dimension is any."""
        model = self.model
        latents = tf.TensorSpec((None, model.latent_dim), tf.float32, name="latents")
        conditions = [tf.TensorSpec((None, *c.shape), c.dtype, c.name) for c in model.conditions]
        return [latents, *conditions]

    def images(self, latents, *conditions):
        """Returns `{"images": ...}` for tensors as in `specs`."""
        named = {c.name: x for c, x in zip(self.model.conditions, conditions, strict=True)}
        return {"images": self.model.from_latents(self.network, latents, **named)}

    def example(self, count, first=0):
        """Returns `count` rows of every input as arrays by name, and the model's images for them.

        Args:
            count: Number of rows.
            first: The first seed; the others follow.

        Returns:
            ({"latents": ..., "seeds": ..., conditions}, float32 images): the latents
            are those of the seeds.

        Raises:
            UserError: If the images are not finite.
        """
        if (count, first) not in self._examples:
            self._examples[count, first] = self._example(count, first)
        return self._examples[count, first]

    def _example(self, count, first):
        seeds = np.arange(first, first + count)
        (latents,) = self.model.seeded_latents([(seed, 0) for seed in seeds], batch_size=count)
        conditions = {
            c.name: _values(c, seeds, number) for number, c in enumerate(self.model.conditions)
        }
        with tf.device("CPU:0"):  # A GPU may round its products to fewer bits.
            images = self.model.from_latents(self.model.averaged_generator, latents, **conditions)
        if not np.all(np.isfinite(images)):
            raise UserError(
                "The generator gives values that are not finite: its training has diverged. Train "
                "again with lower learning rates."
            )
        return {"latents": latents.numpy(), "seeds": seeds, **conditions}, images.numpy()

    def check(self, answer, what, level=0.0):
        """Raises `UserError` unless a written file gives the images that the model gives.

        Args:
            answer: Function from inputs as arrays by name (see `example`) to
                images [N, *image_shape] as float32.
            what: Name of what is checked, for the message.
            level: Distance between the grey levels that the file gives, which end at -1
                and 1: an answer may be half of that away from what is expected. 0 for
                files that give values as they are.
        """
        for count in (count for count in BATCHES if count <= self.max_batch):
            inputs, expected = self.example(count)
            expected = np.clip(expected, -1.0, 1.0) if level else expected
            received = answer(inputs)
            same_shape = received.shape == expected.shape
            difference = np.max(np.abs(received - expected)) if same_shape else np.inf
            allowed = TOLERANCE * max(1.0, np.max(np.abs(expected))) + level / 2.0
            if not difference <= allowed:
                raise UserError(
                    f"The {what} does not answer what Keras answers: at batch {count} the largest "
                    f"difference is {difference:.2g}, allowed is {allowed:.2g}. It was not "
                    "exported."
                )


def _values(condition, seeds, number):
    if condition.count is not None:
        return np.arange(len(seeds)) % condition.count
    return condition.drawn([(seed, 0) for seed in seeds], number)
