"""Values that move along half a cosine, and an Adam that follows two of them."""

import math

import keras
import tensorflow as tf

from keras_gan.errors import UserError


def cosine(start, end, progress):
    """Returns the value between `start` and `end` after a share of the way, held at its end.

    Args:
        start: Number.
        end: Number.
        progress: Share that is done, a scalar tensor; above 1 counts as 1.
    """
    progress = tf.clip_by_value(progress, 0.0, 1.0)
    return end + (start - end) * 0.5 * (1.0 + tf.cos(math.pi * progress))


@keras.saving.register_keras_serializable(package="keras_gan")
class Cosine(keras.optimizers.schedules.LearningRateSchedule):
    """`cosine` as a function of an optimizer's iterations.

    Keras' `CosineDecay` rounds otherwise in float32, so runs would not go on to the byte.

    Args:
        start: Value at the first update.
        end: Value from update number `updates` on.
        updates: Length, a number above 0.
    """

    def __init__(self, start, end, updates):
        super().__init__()
        self.start, self.end, self.updates = start, end, updates

    def __call__(self, step):
        done = tf.cast(tf.convert_to_tensor(step), keras.config.floatx())
        return cosine(self.start, self.end, done / self.updates)

    def get_config(self):
        return {"start": self.start, "end": self.end, "updates": self.updates}


@keras.saving.register_keras_serializable(package="keras_gan")
class CosineAdam(keras.optimizers.Adam):
    """Adam whose learning rate and beta2 follow cosines; Huang et al. 2024 (R3GAN).

    Its state is Adam's: what the schedules give follows from the iterations. The
    bias of the second moment is corrected by today's beta2, as in the authors'
    code.

    Args:
        learning_rate: At the start; or a `LearningRateSchedule`, which is then followed
            in place of the cosine.
        beta_1: As in Adam.
        beta_2: At the start.
        epsilon: As in Adam.
        learning_rate_end: Share of the learning rate that is left at the end.
        beta_2_end: At the end.
        images: Images over which both move.
        images_per_update: Images that an update stands for, the batch size where each
            player has one update a step; `train.py` fills it in.
        **kwargs: As in Adam.
    """

    def __init__(
        self,
        learning_rate=2e-4,
        beta_1=0.0,
        beta_2=0.9,
        epsilon=1e-8,
        *,
        learning_rate_end=0.25,
        beta_2_end=0.99,
        images=20_000_000,
        images_per_update=512,
        **kwargs,
    ):
        if images <= 0 or images_per_update <= 0:
            raise UserError(
                "images and images_per_update must be above 0. Received: "
                f"{images} and {images_per_update}."
            )
        updates, settings = images / images_per_update, {}
        if isinstance(learning_rate, int | float):
            settings["learning_rate"] = learning_rate
            learning_rate = Cosine(learning_rate, learning_rate * learning_rate_end, updates)
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        self.beta_2_schedule = Cosine(beta_2, beta_2_end, updates)
        self.settings = {
            **settings,
            "beta_2": beta_2,
            "learning_rate_end": learning_rate_end,
            "beta_2_end": beta_2_end,
            "images": images,
            "images_per_update": images_per_update,
        }

    @property
    def beta_2(self):
        """The beta2 of the next update."""
        return self.beta_2_schedule(self.iterations)

    @beta_2.setter
    def beta_2(self, value):
        """Adam's constructor sets the number that the schedule already has."""

    def get_config(self):
        return {**super().get_config(), **self.settings}
