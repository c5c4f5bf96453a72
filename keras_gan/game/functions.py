"""Functions: what a trained system offers, each a network with ports."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_gan.errors import UserError
from keras_gan.game.ports import Images, Latents, Port

BATCH = 64  # Rows that go through a network at a time.


class Function(NamedTuple):
    """A functional network whose inputs and output are ports.

    Attributes:
        network: The network that trains. It takes a tensor, or a dict of them by the names of
            the ports where there are several inputs, and returns a tensor.
        inputs: `Port`s, in the order in which they are served.
        output: `Port` of what it returns.
        averaged: The average of `network` over training, which the base adds.
    """

    network: Any
    inputs: tuple
    output: Port
    averaged: Any = None

    @property
    def latents(self):
        """The port of the latents, or `None`."""
        return next((port for port in self.inputs if isinstance(port, Latents)), None)

    @property
    def conditions(self):
        """The other ports that are drawn from seeds: labels, codes."""
        return tuple(p for p in self.inputs if p.is_drawn and not isinstance(p, Latents))

    @property
    def given(self):
        """The ports whose rows somebody must bring: images, tokens."""
        return tuple(port for port in self.inputs if not port.is_drawn)

    @property
    def draws_images(self):
        """Whether the output is images, not vectors or tokens."""
        return isinstance(self.output, Images) and self.output.are_images

    def apply(self, network, rows, training=False):
        """Returns the output for tensors by the names of the ports.

        Args:
            network: `network`, `averaged` or another of the same inputs.
            rows: Dict of tensors [N, ...], one for each port.
            training: Whether batch norm takes the statistics of these rows.
        """
        rows = {port.name: tf.convert_to_tensor(rows[port.name]) for port in self.inputs}
        inputs = rows if len(rows) > 1 else next(iter(rows.values()))
        return network(inputs, training=training)

    def rows(self, seeds, truncation=None, **given):
        """Returns rows of all inputs for pairs (seed, index), drawn where they are not given.

        Args:
            seeds: Integer array [N, 2].
            truncation: Where the normal prior of the latents is cut off; see
                `randomness.truncated`. Less diverse samples, each of them likelier.
            **given: Rows [N, ...] of some ports by name.

        Returns:
            Dict of arrays by the names of the ports.

        Raises:
            UserError: For unknown names; for rows of another number, shape or range; where rows
                are missing that cannot be drawn; for a truncation without normal latents.
        """
        self._check_names(given)
        pairs = np.reshape(np.asarray(seeds, np.int64), (-1, 2))
        found, number = {}, 0
        for port in self.inputs:
            if port.name in given:
                found[port.name] = port.checked(given[port.name], len(pairs))
            else:
                draws = port.drawn(pairs, number) if len(pairs) else np.zeros((0, *port.shape))
                found[port.name] = np.array(draws, port.dtype)  # A copy that may be changed.
            number += port.is_drawn and not isinstance(port, Latents)
        if truncation is not None:
            port = self._truncatable(truncation)
            found[port.name] = np.array(port.truncated(found[port.name], truncation))
        return found

    def sample(self, seeds, averaged=True, truncation=None, **given):
        """Returns the outputs for pairs (seed, index), one for each.

        Args:
            seeds: Integer array [N, 2].
            averaged: Whether from the averaged network or the one that trains.
            truncation: As of `rows`.
            **given: As of `rows`.

        Returns:
            Array [N, ...] of the output's dtype; images are float32 in [-1, 1].
        """
        return self.run(self.rows(seeds, truncation, **given), averaged)

    def run(self, rows, averaged=True):
        """Returns the outputs for rows of all inputs by name, 64 at a time, as an array."""
        network, output = self.averaged if averaged else self.network, self.output
        count = len(next(iter(rows.values())))
        parts = [
            self.apply(network, {key: x[i : i + BATCH] for key, x in rows.items()})
            for i in range(0, count, BATCH)
        ]
        if not parts:
            return np.zeros((0, *(side or 1 for side in output.shape)), output.dtype)
        return np.concatenate([np.asarray(part, output.dtype) for part in parts])

    def _check_names(self, given):
        known = {port.name for port in self.inputs}
        unknown = sorted(set(given) - known)
        if unknown:
            raise UserError(
                f"This function takes no {unknown[0]}. Received: "
                f"{unknown[0]}={given[unknown[0]]!r}; it takes {', '.join(sorted(known))}."
            )

    def _truncatable(self, truncation):
        if self.latents is None:
            raise UserError(f"truncation needs latents. Received: {truncation} without any.")
        return self.latents
