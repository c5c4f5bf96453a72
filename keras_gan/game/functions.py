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
        count: Labels are 0 to count - 1. `None` if any finite value will do, such as
            training draws from [-1, 1).
    """

    name: str
    dtype: str
    shape: tuple = ()
    count: int | None = None

    def from_uniform(self, draws):
        """Returns rows from draws from [0, 1) of their shape: labels all as likely, or codes."""
        if self.count is None:
            return tf.cast(2.0 * draws - 1.0, self.dtype)
        return tf.cast(tf.floor(draws * self.count), self.dtype)

    def drawn(self, pairs, number):
        """Returns a row for each pair (seed, index); other numbers give independent draws."""
        draws = randomness.seeded_uniform(tf.constant(pairs), self.shape, number)
        return self.from_uniform(draws).numpy()

    def checked(self, rows, count):
        """Returns rows as an array; raises `UserError` unless they are `count` that fit."""
        rows = np.asarray(rows)
        fits = rows.shape == (count, *self.shape)
        if self.count is not None:
            fits = fits and rows.dtype.kind in "iu" and ((rows >= 0) & (rows < self.count)).all()
            kind = f"whole numbers from 0 to {self.count - 1}"
        else:
            fits = fits and rows.dtype.kind in "iuf" and np.isfinite(rows).all()
            kind = "finite numbers"
        if not fits:
            raise UserError(
                f"Expected {self.name} of shape {(count, *self.shape)}, {kind}. Received: shape "
                f"{rows.shape}, {np.array2string(rows, threshold=8)}."
            )
        return rows.astype(self.dtype)


class Sampling:
    """What a model that maps latents to samples when called offers to its users.

    It needs the attributes `image_shape`, `latent_dim`, `latent_prior`, `generator`
    and `averaged_generator`.

    Attributes:
        conditions: `Condition`s of the generator, in the order of its inputs.
    """

    conditions = ()

    def sample(self, count, seed=0, truncation=None, **conditions):
        """Samples from the averaged generator.

        Image i depends on (seed, i) and its conditions alone: `sample(4, 7)` begins with
        `sample(2, 7)`.

        Args:
            count: Number of samples.
            seed: Any integer.
            truncation: Where the normal prior of the latents is cut off; see
                `randomness.truncated`. Less diverse samples, each of them likelier.
            **conditions: Rows [count, ...] of the generator's `conditions`, by name, such as
                `labels` [count] in conditional systems. Default: drawn, each row from (seed, i).

        Returns:
            float32 array [count, *image_shape]; images in [-1, 1].

        Raises:
            UserError: For conditions that the generator does not take, and for a truncation
                that is not above 0 or of another prior.
        """
        pairs = [(seed, i) for i in range(count)]
        return self.sample_seeds(pairs, truncation=truncation, **conditions)

    def sample_seeds(self, seeds, averaged=True, truncation=None, **conditions):
        """Samples from a generator, one for each pair (seed, index).

        Args:
            seeds: Integer array [N, 2].
            averaged: Whether from the averaged generator or the one that trains.
            truncation: As in `sample`.
            **conditions: As in `sample`.

        Returns:
            float32 array [N, *image_shape].
        """
        network = self.averaged_generator if averaged else self.generator
        if truncation is not None and not (truncation > 0 and self.latent_prior == "normal"):
            raise UserError(
                "A truncation must be above 0 and is of normal latents. Received: "
                f"{truncation} for {self.latent_prior} ones."
            )
        rows = self.seeded_conditions(seeds, **conditions)
        parts = [np.zeros((0, *self.image_shape), np.float32)]
        start = 0
        for latents in self.seeded_latents(seeds):
            own = {name: values[start : start + len(latents)] for name, values in rows.items()}
            if truncation is not None:
                latents = randomness.truncated(latents, truncation)
            parts.append(np.asarray(self.from_latents(network, latents, **own), np.float32))
            start += len(latents)
        return np.concatenate(parts)

    def showcase(self, count):
        """Returns what a grid of samples shows.

        Args:
            count: Number of samples, about.

        Returns:
            (pairs (seed, index); rows of conditions by name, for `sample_seeds`; samples in a
            row of the grid, `None` for as many as there are rows).
        """
        return [(seed, 0) for seed in range(count)], {}, None

    def seeded_conditions(self, seeds, **given):
        """Returns a row of each condition for each pair (seed, index), by name.

        Args:
            seeds: Integer array [N, 2].
            **given: Rows of some conditions; those of the others are drawn.

        Raises:
            UserError: For unknown names, and for rows of another number, shape or range.
        """
        unknown = sorted(set(given) - {condition.name for condition in self.conditions})
        if unknown:
            taken = ", ".join(condition.name for condition in self.conditions) or "none"
            raise UserError(
                f"{type(self).__name__} takes no {unknown[0]}. Received: "
                f"{unknown[0]}={given[unknown[0]]!r}; its conditions: {taken}."
            )
        pairs = np.reshape(np.asarray(seeds, np.int64), (-1, 2))
        return {
            condition.name: condition.checked(given[condition.name], len(pairs))
            if condition.name in given
            else condition.drawn(pairs, number)
            for number, condition in enumerate(self.conditions)
        }

    def from_latents(self, network, latents, training=False, **conditions):
        """Returns a generator's samples.

        Args:
            network: One of the model's generators.
            latents: Tensor [N, latent_dim].
            training: Whether batch norm takes the statistics of these samples.
            **conditions: Tensors [N, ...], one for each of `conditions`.
        """
        inputs = latents
        if conditions:
            named = {"latents": latents, **conditions}
            inputs = {name: tf.convert_to_tensor(value) for name, value in named.items()}
        return network(inputs, training=training)

    def seeded_latents(self, seeds, batch_size=64):
        """Yields the latents of pairs (seed, index), at most `batch_size` at a time."""
        seeds = np.reshape(np.asarray(seeds, np.int64), (-1, 2))
        for start in range(0, len(seeds), batch_size):
            part = tf.constant(seeds[start : start + batch_size])
            yield randomness.seeded_latents(self.latent_prior, part, self.latent_dim)
