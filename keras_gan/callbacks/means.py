"""Means of the metrics over each logging interval."""

from keras_gan.callbacks.steps import StepCallback


class Means(StepCallback):
    """Resets the running means of all metrics every `every` steps instead of every epoch.

    Put it after the callback that logs them, in every process of a run.

    Args:
        first_step: Number of steps done before this call of `fit`.
        every: Number of steps in a mean.
    """

    def on_train_begin(self, logs=None):
        self.restored = [[v.numpy() for v in metric.variables] for metric in self.model.metrics]

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        # Keras has just reset the metrics. A resumed run continues with its restored means.
        restored, self.restored = self.restored, []
        for metric, saved in zip(self.model.metrics, restored, strict=bool(restored)):
            for variable, value in zip(metric.variables, saved, strict=True):
                variable.assign(value)

    def at_step(self, logs):
        # There is no reset at the end of training, so the means continue if the run is resumed.
        self.model.reset_metrics()
