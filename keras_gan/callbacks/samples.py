"""What each function makes while it trains: in TensorBoard, as PNG files and as texts."""

import os

import numpy as np
import tensorflow as tf

from keras_gan.callbacks.steps import StepCallback
from keras_gan.drawing import pictures
from keras_gan.files import write_bytes, write_text
from keras_gan.game import showing


class SampleGrids(StepCallback):
    """Shows what each function makes of the same latents, or the same real images, again and again.

    Functions that draw all their inputs show a grid of samples; functions of images show rows of
    source | output; sequences of tokens are shown as texts. Points in the plane are drawn over
    real ones; other vectors are not drawn. What the averaged networks make is also written to
    `samples/`, for functions other than the main one to a folder of the function's name.

    Args:
        run: `RunDirectory`.
        events: `EventLog`.
        real: Real examples, a dict of arrays [N, ...] by key.
        first_step: Steps done before.
        every: Steps between grids.

    Attributes:
        newest: Path of the newest file of the main function, or `None`.
    """

    def __init__(self, run, events, real, first_step=0, every=1):
        super().__init__(first_step, every)
        self.run, self.events, self.real = run, events, real
        self.drawn = None
        self.newest = None

    def on_train_begin(self, logs=None):
        if self.first_step == 0:
            for name, function in self.model.functions.items():
                examples = self.real.get(function.output.key)
                if not function.given and examples is not None:
                    shown = examples[: showing.count_of(function.output)]
                    shown = showing.show_examples(function.output, shown, shown)
                    self._log(f"{self._tag(name)}/real", shown, 0)

    def at_step(self, logs):
        self.drawn = self.step
        for name in self.model.functions:
            for kind in ("averaged", "raw"):
                shown = showing.show(self.model, name, self.real, averaged=kind == "averaged")
                self._log(f"{self._tag(name)}/{kind}", shown, self.step)
                if kind == "averaged":
                    self._write(name, shown)

    def at_end(self, logs):
        if self.drawn != self.step and not self.model.stop_training:
            self.at_step(logs)

    def _tag(self, name):
        is_main = name == self.model.main_function
        return "samples" if is_main and not self.model.function(name).given else name

    def _log(self, tag, shown, step):
        if shown.picture is not None:
            with self.events.at(step):
                tf.summary.image(tag, shown.picture[np.newaxis])
        if shown.texts is not None:
            with self.events.at(step):
                tf.summary.text(tag, "\n".join(f"    {text}" for text in shown.texts))

    def _write(self, name, shown):
        is_main = name == self.model.main_function
        folder = self.run.samples if is_main else os.path.join(self.run.samples, name)
        path = os.path.join(folder, f"step_{self.step:08d}")
        if shown.picture is not None:
            path += ".png"
            write_bytes(path, pictures.png(shown.picture))
        elif shown.texts is not None:
            path += ".txt"
            write_text(path, "".join(f"{text}\n" for text in shown.texts))
        else:
            return
        self.newest = path if is_main else self.newest
