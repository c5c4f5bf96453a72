"""Grids of samples from fixed latents, in TensorBoard and as PNG files."""

import os

import numpy as np
import tensorflow as tf

from keras_gan.callbacks.steps import StepCallback
from keras_gan.drawing import pictures
from keras_gan.files import write_bytes


class SampleGrids(StepCallback):
    """Draws samples from the same latents at regular steps, to show how they improve.

    Grids of the averaged generator are also written to `samples/`. Two-dimensional
    vectors are drawn as points over real ones; other vectors are not drawn.

    Args:
        run: `RunDirectory`.
        events: `EventLog`.
        real: Real examples, [N, *shape].
        count: Number of samples.
        first_step: Number of steps done before this call of `fit`.
        every: Steps between grids.
    """

    def __init__(self, run, events, real, count, first_step=0, every=1):
        super().__init__(first_step, every)
        self.run, self.events, self.real, self.count = run, events, real, count
        self.drawn = None
        self.newest = None

    def on_train_begin(self, logs=None):
        if self.first_step == 0:
            self._show("samples/real", self.real, 0)

    def at_step(self, logs):
        self.drawn = self.step
        pairs, conditions, columns = self.model.showcase(self.count)
        for name in ("averaged", "raw"):
            samples = self.model.sample_seeds(pairs, averaged=name == "averaged", **conditions)
            picture = self._show(f"samples/{name}", samples, self.step, columns)
            if name == "averaged" and picture is not None:
                self.newest = os.path.join(self.run.samples, f"step_{self.step:08d}.png")
                write_bytes(self.newest, pictures.png(picture))

    def at_end(self, logs):
        if self.drawn != self.step and not self.model.stop_training:
            self.at_step(logs)

    def _show(self, tag, examples, step, columns=None):
        reference = None if self.real.ndim == 4 else self.real
        picture = pictures.picture(examples, reference, columns)
        if picture is not None:
            with self.events.at(step):
                tf.summary.image(tag, picture[np.newaxis])
        return picture
