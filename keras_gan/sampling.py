"""Sampling from a model: latents from seeds, samples from latents."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_gan import randomness
from keras_gan.errors import UserError


class Condition(NamedTuple):
    """What a generator takes beside the latents, a row for each sample.

    Attributes:
        name: Name of the network's input, and of the served one: `labels`, `codes`.
        dtype: `"int64"` for labels, `"float32"` for codes.
        shape: Shape of a row; `()` for labels.
        count: Labels are 0 to count - 1. `None` if any finite value will do.
    """

    name: str
    dtype: str
    shape: tuple = ()
    count: int | None = None


class Sampling:
    """What a model that maps latents to samples when called offers to its users.

    It needs the attributes `image_shape`, `latent_dim`, `latent_prior`, `generator`
    and `averaged_generator`.

    Attributes:
        conditions: `Condition`s of the generator, in the order of its inputs.
    """

    conditions = ()

    def sample(self, count, seed=0, labels=None):
        """Samples from the averaged generator.

        Image i depends on (seed, i) alone: `sample(4, 7)` begins with
        `sample(2, 7)`.

        Args:
            count: Number of samples.
            seed: Any integer.
            labels: Class labels [count]; for conditional systems only.

        Returns:
            float32 array [count, *image_shape]; images in [-1, 1].
        """
        return self.sample_seeds([(seed, i) for i in range(count)], labels)

    def sample_seeds(self, seeds, labels=None, averaged=True):
        """Samples from a generator, one for each pair (seed, index).

        Args:
            seeds: Integer array [N, 2].
            labels: As in `sample`.
            averaged: Whether from the averaged generator or the one that trains.

        Returns:
            float32 array [N, *image_shape].
        """
        if labels is not None:
            raise UserError(f"{type(self).__name__} takes no labels. Received: labels={labels!r}.")
        network = self.averaged_generator if averaged else self.generator
        parts = [np.zeros((0, *self.image_shape), np.float32)]
        for latents in self.seeded_latents(seeds):
            parts.append(np.asarray(self.from_latents(network, latents), np.float32))
        return np.concatenate(parts)

    def from_latents(self, network, latents, **conditions):
        """Returns a generator's samples in inference mode.

        Args:
            network: One of the model's generators.
            latents: Tensor [N, latent_dim].
            **conditions: Tensors [N, ...], one for each of `conditions`.
        """
        inputs = latents
        if conditions:
            named = {"latents": latents, **conditions}
            inputs = {name: tf.convert_to_tensor(value) for name, value in named.items()}
        return network(inputs, training=False)

    def seeded_latents(self, seeds, batch_size=64):
        """Yields the latents of pairs (seed, index), at most `batch_size` at a time."""
        seeds = np.reshape(np.asarray(seeds, np.int64), (-1, 2))
        for start in range(0, len(seeds), batch_size):
            part = tf.constant(seeds[start : start + batch_size])
            yield randomness.seeded_latents(self.latent_prior, part, self.latent_dim)
