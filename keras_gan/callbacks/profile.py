"""Profiles some steps with TensorFlow's profiler."""

import tensorflow as tf

from keras_gan.callbacks.steps import StepCallback


class Profile(StepCallback):
    """Profiles steps `first` to `last` for TensorBoard's profile plugin.

    Args:
        directory: Directory of TensorBoard's logs.
        first: First step to profile, counted from 1.
        last: Last step to profile.
        first_step: Number of steps done before this call of `fit`.
    """

    def __init__(self, directory, first, last, first_step=0):
        super().__init__(first_step)
        self.directory, self.first, self.last = directory, first, last
        self.running, self.marker = False, None

    def on_train_batch_begin(self, batch, logs=None):
        if self.marker:  # Keras began this step before, then found that the epoch has no more data.
            return
        if self.first <= self.step + 1 <= self.last and not self.running:
            tf.profiler.experimental.start(self.directory)
            self.running = True
        if self.running:  # Tools find the steps of a profile by these markers.
            self.marker = tf.profiler.experimental.Trace("train", step_num=self.step + 1, _r=1)
            self.marker.__enter__()

    def on_train_batch_end(self, batch, logs=None):
        self._end_marker()
        super().on_train_batch_end(batch, logs)

    def at_step(self, logs):
        if self.running and self.step >= self.last:
            self.at_end(logs)

    def at_end(self, logs):
        self._end_marker()
        if self.running:
            tf.profiler.experimental.stop()
            self.running = False

    def _end_marker(self):
        if self.marker:
            self.marker.__exit__(None, None, None)
            self.marker = None
