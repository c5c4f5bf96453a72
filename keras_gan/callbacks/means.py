"""The running means of the metrics over an interval."""

from keras_gan.callbacks.steps import StepCallback


class Means(StepCallback):
    """Begins the means of all metrics anew every so many steps, and not at other times.

    Keep it after the callback that logs them, in every process of a run.

    Args:
        first_step: Steps done before.
        every: Steps that a mean goes over.
    """

    def on_train_begin(self, logs=None):
        self.restored = [[v.numpy() for v in metric.variables] for metric in self.model.metrics]

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        # Keras has just reset the metrics; a resumed run goes on with the means of its interval.
        restored, self.restored = self.restored, []
        for metric, saved in zip(self.model.metrics, restored, strict=bool(restored)):
            for variable, value in zip(metric.variables, saved, strict=True):
                variable.assign(value)

    def at_step(self, logs):
        # Not at the end: the means go on from there if the run is continued later.
        self.model.reset_metrics()
