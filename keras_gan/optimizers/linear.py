"""A linear schedule that says when it ends."""

import keras


@keras.saving.register_keras_serializable(package="keras_gan")
class LinearDecay(keras.optimizers.schedules.PolynomialDecay):
    """Falls linearly from a learning rate to another, and stays there.

    Args:
        initial_learning_rate: Value at the first update.
        decay_steps: Length in updates, above 0.
        end_learning_rate: Value after `decay_steps` updates, and from then on.
        **others: See `keras.optimizers.schedules.PolynomialDecay`.
    """

    @property
    def ends(self):
        """(updates, value): after how many updates it ends, and the value that it keeps."""
        return self.decay_steps, self.end_learning_rate
