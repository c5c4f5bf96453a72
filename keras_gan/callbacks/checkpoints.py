"""Checkpoints at steps."""

from keras_gan.callbacks.finite import check_variables
from keras_gan.callbacks.steps import StepCallback


class SaveCheckpoints(StepCallback):
    """Saves every so many steps, and at the end; never a state that is not finite.

    Keep it after the callbacks that log: what a checkpoint has seen is then in
    the logs.

    Args:
        checkpoints: `Checkpoints` of the run.
        config: The run's `Config`.
        first_step: Steps done before.

    Attributes:
        newest: Path of the newest checkpoint of this call of `fit`.
    """

    def __init__(self, checkpoints, config, first_step=0):
        super().__init__(first_step, config.checkpoint_every)
        self.checkpoints, self.config = checkpoints, config
        self.saved = self.newest = None

    def at_step(self, logs):
        check_variables(self.model, self.step)
        self.newest = self.checkpoints.save(
            self.model, self.step, self.config.keep_last, self.config.keep_every
        )
        self.saved = self.step

    def at_end(self, logs):
        if self.saved != self.step:
            self.at_step(logs)
