"""A trained function on its way into files, and the answers that these files must give."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from keras_gan.drawing import pictures
from keras_gan.errors import UserError
from keras_gan.game.functions import Function
from keras_gan.game.ports import Tokens
from keras_gan.serving import comparing

LEVEL = 1.0 / 127.5  # Between neighbours of the 256 values of a byte, in [-1, 1].
BATCHES = (1, 2, 7)
_ODD = 2  # At this batch images of any size have odd sides, longer ones than at the others.


def from_bytes(pixels):
    """Brings images from uint8 to [-1, 1]."""
    return pixels.astype("float32") * LEVEL - 1.0


@dataclasses.dataclass(frozen=True)
class ServedFunction:
    """What the writers of all formats are given.

    Attributes:
        function: The `game.functions.Function`; its averaged network gives the right answers.
        name: Its name, like `sample` or `a_to_b`.
        network: What is written: the averaged network, made for inference.
        served_name: Name of the model on the server.
        max_batch: Largest number of rows that a server accepts.
        metadata: Texts by name, to be kept with each file.
        is_main: Whether this is the model's first function.
    """

    function: Function
    name: str
    network: Any
    served_name: str
    max_batch: int
    metadata: dict
    is_main: bool = True
    _examples: dict = dataclasses.field(default_factory=dict, repr=False, compare=False)

    @property
    def specs(self):
        """The `tf.TensorSpec`s of the inputs; the first dimension is any."""
        return [port.spec for port in self.function.inputs]

    def outputs(self, *inputs):
        """Returns `{name of the output: tensor}` for tensors as in `specs`."""
        ports, output = self.function.inputs, self.function.output
        rows = {port.name: x for port, x in zip(ports, inputs, strict=True)}
        return {output.name: tf.cast(self.function.apply(self.network, rows), output.dtype)}

    def example(self, count, first=0):
        """Returns `count` rows of every input as arrays by name, and Keras' output for them.

        Images of any size are of one size in a batch, of another one at a batch of 2.

        Args:
            count: Number of rows.
            first: The first seed; the others follow.

        Returns:
            (rows by the names of the ports, with `seeds` where there are latents; output): the
            latents are those of the seeds.

        Raises:
            UserError: If the output is not finite.
        """
        if (count, first) not in self._examples:
            self._examples[count, first] = self._example(count, first)
        return self._examples[count, first]

    def _example(self, count, first):
        seeds = np.arange(first, first + count)
        latents = self.function.latents
        others = [port for port in self.function.inputs if port is not latents]
        rows = {port.name: _rows(port, seeds, number) for number, port in enumerate(others)}
        if latents:
            rows |= {latents.name: _rows(latents, seeds), "seeds": seeds}
        with tf.device("CPU:0"):  # A GPU may round its products to fewer bits.
            output = self.function.run(rows)
        if not np.all(np.isfinite(output)):
            raise UserError(
                f"The function {self.name} gives values that are not finite: its training has "
                "diverged. Train again with lower learning rates."
            )
        return rows, output

    def check(self, answer, what, level=0.0):
        """Raises `UserError` unless a written file gives the output that Keras gives.

        Tokens must be the same, ties apart; see `comparing`.

        Args:
            answer: Function from inputs as arrays by name (see `example`) to the output as an
                array, images in [-1, 1].
            what: Name of what is checked, for the message.
            level: Distance between the grey levels that the file gives, which end at -1
                and 1: an answer may be half of that away from what is expected. 0 for
                files that give values as they are.
        """
        for count in (count for count in BATCHES if count <= self.max_batch):
            inputs, expected = self.example(count)
            expected = np.clip(expected, -1.0, 1.0) if level else expected
            fault = self._fault(answer(inputs), inputs, expected, level)
            if fault:
                raise UserError(
                    f"The {what} does not answer what Keras answers: at batch {count} {fault}. It "
                    "was not exported."
                )

    def _fault(self, received, rows, expected, level):
        """Returns in words how an answer differs from what is expected, or `None`."""
        if received.shape != expected.shape:
            return f"the shape is {received.shape}, expected is {expected.shape}"
        if isinstance(self.function.output, Tokens):
            return comparing.fault_of_tokens(received, expected, self.function, rows)
        rounding = lambda: comparing.rounding(self.function, rows, expected)  # noqa: E731
        return comparing.fault_of_values(received, expected, level, rounding)


def _rows(port, seeds, number=0):
    """Returns rows of a port; images are such that bytes hold them."""
    rows = port.examples(seeds, number)
    if not port.are_images:
        return rows
    if None in port.shape and len(seeds) == _ODD:
        more = [(0, n if side is None else 0) for n, side in zip((7, 1, 0), port.shape)]  # noqa: B905
        rows = np.pad(rows, [(0, 0), *more], "symmetric")
    return from_bytes(pictures.to_bytes(rows))
