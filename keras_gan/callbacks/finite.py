"""Stops a run whose numbers are no numbers any more."""

import math

import numpy as np

from keras_gan.callbacks.steps import StepCallback
from keras_gan.errors import UserError

_ADVICE = "Train with lower --g_learning_rate and --d_learning_rate, in another --run_dir."


class Finite(StepCallback):
    """Ends training with an error when a logged mean is NaN or infinite.

    Keep it after the logs, so that they show it, and before the checkpoints.

    Args:
        first_step: Steps done before.
        every: Steps between checks; a mean over them shows one bad step.
    """

    def at_step(self, logs):
        bad = [name for name, value in logs.items() if not math.isfinite(float(value))]
        if bad:
            raise UserError(f"{', '.join(bad)} not finite by step {self.step}. {_ADVICE}")


def check_variables(model, step):
    """Raises `UserError` if a variable of the model or its optimizers is not finite."""
    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    for variable in [*model.variables, *(v for o in optimizers for v in o.variables)]:
        if not np.all(np.isfinite(variable.numpy())):
            raise UserError(f"The variable {variable.path} is not finite at step {step}. {_ADVICE}")
