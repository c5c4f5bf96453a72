"""Stops a run when values become NaN or infinite."""

import math

import tensorflow as tf

from keras_gan.callbacks.steps import StepCallback
from keras_gan.errors import UserError

_ADVICE = "Train with lower --g_learning_rate and --d_learning_rate, in another --run_dir."


class Finite(StepCallback):
    """Ends training with an error if a loss, a gradient or a weight is NaN or infinite.

    It checks the logged means of losses and gradient norms; a bad value in any step on
    any replica makes the mean bad. Put it after the logs, so that they show the values,
    and before the checkpoints.

    Args:
        first_step: Number of steps done before this call of `fit`.
        every: Steps between checks.
    """

    def at_step(self, logs):
        bad = [name for name, value in logs.items() if not math.isfinite(float(value))]
        bad = [name for name in bad if name.endswith(("_loss", "_gradient_norm"))] or bad
        if bad:
            raise UserError(f"{', '.join(bad)} not finite by step {self.step}. {_ADVICE}")
        check_variables(self.model, self.step)


def check_variables(model, step):
    """Raises `UserError` unless all variables of a checkpoint are finite, on every replica."""
    copies = model.distribute_strategy.experimental_local_results
    for owner in (model, *model.optimizers.values(), *model.metrics):
        for variable in owner.variables:
            for replica, copy in enumerate(copies(variable.value)):
                if copy.dtype.is_floating and not tf.reduce_all(tf.math.is_finite(copy)):
                    where = f" on replica {replica}" if replica else ""
                    raise UserError(
                        f"The variable {variable.path} is not finite{where} at step {step}. "
                        f"{_ADVICE}"
                    )
