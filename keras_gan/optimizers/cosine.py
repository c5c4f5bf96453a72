"""Cosine schedules, and an Adam whose learning rate and beta2 follow them."""

import math

import keras
import tensorflow as tf

from keras_gan.errors import UserError


def cosine(start, end, progress):
    """Interpolates from `start` to `end` along half a cosine.

    Args:
        start: Value at progress 0.
        end: Value at progress 1 and above.
        progress: Scalar tensor, the share of the schedule that is done.
    """
    progress = tf.clip_by_value(progress, 0.0, 1.0)
    return end + (start - end) * 0.5 * (1.0 + tf.cos(math.pi * progress))


@keras.saving.register_keras_serializable(package="keras_gan")
class Cosine(keras.optimizers.schedules.LearningRateSchedule):
    """Cosine schedule of an optimizer's iterations.

    Keras' `CosineDecay` rounds otherwise in float32, so runs would not go on to the byte.

    Args:
        start: Value at the first update.
        end: Value after `updates` updates, and from then on.
        updates: Length of the schedule in updates, above 0.
    """

    def __init__(self, start, end, updates):
        super().__init__()
        self.start, self.end, self.updates = start, end, updates

    def __call__(self, step):
        done = tf.cast(tf.convert_to_tensor(step), keras.config.floatx())
        return cosine(self.start, self.end, done / self.updates)

    @property
    def ends(self):
        """(updates, value): after how many updates it ends, and the value that it keeps."""
        return self.updates, self.end

    def get_config(self):
        return {"start": self.start, "end": self.end, "updates": self.updates}


@keras.saving.register_keras_serializable(package="keras_gan")
class CosineAdam(keras.optimizers.Adam):
    """Adam whose learning rate and beta2 follow cosines; Huang et al. 2024 (R3GAN).

    It has no state beyond Adam's: the schedules depend only on the iterations. The
    bias correction of the second moment uses the current beta2, as in the authors'
    code.

    Args:
        learning_rate: Learning rate at the start, or a `LearningRateSchedule` to follow
            instead of the cosine.
        beta_1: See `keras.optimizers.Adam`.
        beta_2: beta2 at the start.
        epsilon: See `keras.optimizers.Adam`.
        learning_rate_end: Learning rate at the end, as a share of `learning_rate`.
        beta_2_end: beta2 at the end.
        images: Length of both schedules, in images.
        images_per_update: Number of images per update: the batch size if each player has
            one update per step. `train.py` sets it.
        **kwargs: See `keras.optimizers.Adam`.

    Raises:
        UserError: If `images` or `images_per_update` is not above 0.
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
    def schedules(self):
        """The schedules by the names of what they change."""
        return {"learning rate": self._learning_rate, "beta2": self.beta_2_schedule}

    @property
    def beta_2(self):
        """beta2 of the next update."""
        return self.beta_2_schedule(self.iterations)

    @beta_2.setter
    def beta_2(self, value):
        """Ignores the value that Adam's constructor sets; the schedule already starts with it."""

    def get_config(self):
        return {**super().get_config(), **self.settings}
