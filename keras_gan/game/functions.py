"""Functions: the operations of a trained system, such as `sample` or `a_to_b`."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_gan.errors import UserError
from keras_gan.game.ports import Latents, Port

BATCH = 64  # Rows in one forward pass.


class Function(NamedTuple):
    """A network with described inputs and output.

    Attributes:
        network: The network in training. With one input it takes a tensor, with several a dict
            of tensors by port name. It returns a tensor.
        inputs: `Port`s of the inputs, in serving order.
        output: `Port` of the output.
        averaged: The averaged copy of `network`, which the base model adds.
    """

    network: Any
    inputs: tuple
    output: Port
    averaged: Any = None

    @property
    def latents(self):
        """The latents' port, or `None` without latents."""
        return next((port for port in self.inputs if isinstance(port, Latents)), None)

    @property
    def conditions(self):
        """Ports of the other inputs that a seed can draw: labels and codes."""
        return tuple(p for p in self.inputs if p.is_drawn and not isinstance(p, Latents))

    @property
    def given(self):
        """Ports of the inputs that the caller must give: images or tokens."""
        return tuple(port for port in self.inputs if not port.is_drawn)

    @property
    def draws_images(self):
        """Whether the function returns images, rather than vectors or tokens."""
        return self.output.are_images

    def apply(self, network, rows, training=False):
        """Runs a network on tensors and returns its output.

        Args:
            network: `network`, `averaged` or another network with the same inputs.
            rows: Dict of tensors [N, ...] by port name.
            training: Whether batch norm uses the statistics of these rows.
        """
        rows = {port.name: tf.convert_to_tensor(rows[port.name]) for port in self.inputs}
        inputs = rows if len(rows) > 1 else next(iter(rows.values()))
        return network(inputs, training=training)

    def rows(self, seeds, truncation=None, **given):
        """Returns the rows of all inputs. Inputs that are not given are drawn from the seeds.

        Args:
            seeds: Integer array [N, 2] of pairs (seed, index).
            truncation: Threshold that cuts off the normal prior of the latents; see
                `randomness.truncated`. It makes samples more typical and less diverse.
            **given: Rows [N, ...] of some inputs, by port name.

        Returns:
            Dict of arrays by port name.

        Raises:
            UserError: If a name is unknown; if rows have the wrong number, shape or range; if an
                input that cannot be drawn is missing; if `truncation` is given without normal
                latents.
        """
        self._check_names(given)
        pairs = np.reshape(np.asarray(seeds, np.int64), (-1, 2))
        found, number = {}, 0
        for port in self.inputs:
            if port.name in given:
                found[port.name] = port.checked(given[port.name], len(pairs))
            else:
                draws = port.drawn(pairs, number) if len(pairs) else np.zeros((0, *port.shape))
                found[port.name] = np.array(draws, port.dtype)  # A writable copy.
            number += port.is_drawn and not isinstance(port, Latents)
        if truncation is not None:
            port = self._truncatable(truncation)
            found[port.name] = np.array(port.truncated(found[port.name], truncation))
        return found

    def sample(self, seeds, averaged=True, truncation=None, **given):
        """Samples one output for each pair (seed, index).

        Args:
            seeds: Integer array [N, 2].
            averaged: Whether to use the averaged network. `False` uses the one in training.
            truncation: As in `rows`.
            **given: As in `rows`.

        Returns:
            Array [N, ...] of the output's dtype. Images are float32 in [-1, 1].
        """
        return self.run(self.rows(seeds, truncation, **given), averaged)

    def run(self, rows, averaged=True):
        """Runs the function on rows of all inputs, 64 at a time, and returns one array."""
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
                f"Expected inputs among {', '.join(sorted(known))}: this function takes no "
                f"{unknown[0]}. Received: {unknown[0]}={given[unknown[0]]!r}."
            )

    def _truncatable(self, truncation):
        if self.latents is None:
            raise UserError(
                f"truncation needs a function with latents. Received: truncation={truncation} for "
                "a function without latents. Leave it out."
            )
        return self.latents
