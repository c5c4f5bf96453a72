"""Base class of callbacks that count the generator steps of the whole run."""

import keras


class StepCallback(keras.callbacks.Callback):
    """Calls `at_step` every `every` steps, and `at_end` after the last step.

    Args:
        first_step: Number of steps done before this call of `fit`.
        every: Steps between calls of `at_step`.

    Attributes:
        step: Number of steps done in the run, over all calls of `fit`.
    """

    def __init__(self, first_step=0, every=1):
        super().__init__()
        self.first_step = self.epoch_start = self.step = first_step
        self.every = every

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch_start = self.step

    def on_train_batch_end(self, batch, logs=None):
        before, self.step = self.step, self.epoch_start + batch + 1
        if before // self.every < self.step // self.every:
            self.at_step(logs)

    def on_train_end(self, logs=None):
        self.at_end(logs)

    def at_step(self, logs):
        """Called with the running means of the metrics at multiples of `every`."""

    def at_end(self, logs):
        """Called once after the last step; `model.stop_training` is true after an early end."""
