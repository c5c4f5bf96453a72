"""Checkpoints at steps."""

import tensorflow as tf

from keras_gan.callbacks.finite import check_variables
from keras_gan.callbacks.steps import StepCallback
from keras_gan.errors import UserError, first_line


class Checkpoints(StepCallback):
    """Saves every so many steps, and at the end; never a state that is not finite.

    Keep it after the callbacks that log: what a checkpoint has seen is then in
    the logs.

    Args:
        manager: `tf.train.CheckpointManager`.
        first_step: Steps done before.
        every: Steps between checkpoints.
    """

    def __init__(self, manager, first_step=0, every=1):
        super().__init__(first_step, every)
        self.manager = manager
        self.saved = None

    def at_step(self, logs):
        check_variables(self.model, self.step)
        self.saved = self.step
        try:
            self.manager.save(checkpoint_number=self.step)
        except (tf.errors.OpError, OSError) as error:
            raise UserError(
                f"Cannot save a checkpoint at step {self.step}: {first_line(error)}. The one "
                "before is intact."
            ) from None

    def at_end(self, logs):
        if self.saved != self.step:
            self.at_step(logs)
