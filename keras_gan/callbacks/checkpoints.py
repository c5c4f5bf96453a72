"""Saves checkpoints during training."""

from keras_gan.callbacks.finite import check_variables
from keras_gan.callbacks.steps import StepCallback


class SaveCheckpoints(StepCallback):
    """Saves a checkpoint every `checkpoint_every` steps and at the end.

    It never saves a state with NaN or infinite values. Put it after the callbacks that
    log, so that the logs contain everything up to the checkpoint.

    Args:
        checkpoints: `Checkpoints` of the run.
        config: The run's `Config`.
        first_step: Number of steps done before this call of `fit`.

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
