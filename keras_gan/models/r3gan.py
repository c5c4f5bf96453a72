"""R3GAN.

Huang, Gokaslan, Kuleshov, Tompkin: The GAN is dead; long live the GAN! A Modern GAN
Baseline, 2024.
"""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments
from keras_gan.errors import UserError
from keras_gan.game import averages as ema
from keras_gan.game import schedules
from keras_gan.game.players import same_for_both
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import perceptrons, r3gan
from keras_gan.optimizers.cosine import CosineAdam, cosine


@keras.saving.register_keras_serializable(package="keras_gan")
class R3GAN(LatentGAN):
    """GAN with a relativistic pairing loss and the penalties R1 and R2 (section 2).

    The penalties on real and on generated images make training converge locally, so the usual
    tricks are not needed (section 3). The networks are residual, without normalisation, with
    Fixup initialisation and grouped convolutions.

    gamma (`penalty_weight`), the learning rates, beta2 and the half-life of the averaged
    generator follow half a cosine over `schedule_images`. `--g_learning_rate` and
    `--d_learning_rate` set the initial rates. `--decay_images` replaces their cosine by a linear
    fall to zero. The default gamma is the paper's for CIFAR-10. The default optimizers
    (`CosineAdam`) assume 512 images in an update; `train.py` tells them the real number.

    Where this differs from the paper: it is not conditional; the networks have `width` channels
    next to the image and twice as many at each further stage, from the smallest resolution of
    `networks.dcgan.levels`; computations are in float32 unless `--precision` says otherwise;
    augmentation is off by default, and its probability does not rise with time; the generator's
    update sees the real images of the discriminator's, where the authors draw others; the half-life
    of the average is at most 5% of the images seen (`game.averages.decay`). For vectors the
    networks are perceptrons with leaky ReLU, which the paper does not have.

    Args:
        image_shape: (height, width, channels), or (dimensions,) for vectors.
        num_classes: Ignored; the system is not conditional.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step.
        width: Channels next to the image.
        growth: Factor of the channels from one stage to the next smaller resolution.
        max_width: Largest number of channels.
        blocks: Residual blocks in a stage.
        group_size: Channels in a group of the 3x3 convolutions.
        centred_resampling: Whether doubling and halving leave the picture where it is, with the
            authors' filter [1, 3, 3, 1]. False for the filter [1, 2, 1] of models that were saved
            before this argument existed; those are loaded with it.
        generator_units: Widths of the generator's hidden layers, for vectors.
        discriminator_units: Widths of the discriminator's hidden layers, for vectors.
        scale: Typical size of the entries of vectors, such as 4 for the dataset `grid`.
        penalty_weight_end: Final gamma.
        learning_rate_end: Final learning rate, as a share of the initial one.
        beta_2_end: Final beta2 of Adam. The initial one is 0.9.
        schedule_images: Number of images over which the schedules run.
        **pieces: Shared options; see `pieces.Pieces`.
    """

    tiny = {
        "latent_dim": 4,
        "width": 2,
        "max_width": 4,
        "blocks": 1,
        "group_size": 4,
        "schedule_images": 64,
    }
    tiny_shape = (8, 8, 1)
    pieces = {"objective": "relativistic", "penalty": "r1,r2", "penalty_weight": 0.05}
    fixed_pieces = ("objective", "penalty")
    legacy = {"centred_resampling": False}
    default_ema_images = 5_000_000

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=64,
        latent_prior="normal",
        d_steps=1,
        width=96,
        growth=2,
        max_width=768,
        blocks=2,
        group_size=16,
        centred_resampling=True,
        generator_units=(128, 128, 128, 128),
        discriminator_units=(128, 128, 128, 128),
        scale=1.0,
        penalty_weight_end=0.005,
        learning_rate_end=0.25,
        beta_2_end=0.99,
        schedule_images=20_000_000,
        **pieces,
    ):
        del num_classes
        sizes = {
            "width": width,
            "growth": growth,
            "max_width": max_width,
            "blocks": blocks,
            "group_size": group_size,
        }
        units = {"generator_units": generator_units, "discriminator_units": discriminator_units}
        check_arguments(latent_dim=latent_dim, **sizes, **units)
        _check_numbers(
            schedule_images,
            penalty_weight_end=(penalty_weight_end, 0.0, 1e6),
            learning_rate_end=(learning_rate_end, 0.0, 1.0),
            beta_2_end=(beta_2_end, 0.0, 0.9999999),
            scale=(scale, 1e-6, 1e6),
        )
        if len(image_shape) == 1:
            given = {"dimensions": image_shape[0], "scale": scale}
            generator = perceptrons.Generator(latent_dim=latent_dim, units=generator_units, **given)
            discriminator = perceptrons.Discriminator(units=discriminator_units, **given)
        else:
            sizes["centred_resampling"] = centred_resampling
            generator = r3gan.Generator(image_shape, latent_dim=latent_dim, **sizes)
            discriminator = r3gan.Discriminator(image_shape, **sizes)
        super().__init__(
            image_shape,
            generator=generator,
            discriminator=discriminator,
            latent_dim=latent_dim,
            latent_prior=latent_prior,
            d_steps=d_steps,
            pieces=pieces,
        )
        self.penalty_weight_end, self.schedule_images = penalty_weight_end, schedule_images
        self.schedule_ends = {"learning_rate_end": learning_rate_end, "beta_2_end": beta_2_end}

    def default_optimizers(self):
        ends = {**self.schedule_ends, "images": self.schedule_images}
        return same_for_both(CosineAdam, 2e-4, **ends)

    def schedules(self, batch_size):
        own = ("penalty_weight", self.schedule_images, self.penalty_weight_end)
        return [*super().schedules(batch_size), schedules.over_images(*own, batch_size)]

    def ema_schedule_images(self):
        return max(self.schedule_images, super().ema_schedule_images())

    def penalty_weight(self, real):
        start, end = self.game.pieces.penalty_weight, self.penalty_weight_end
        return cosine(start, end, self._progress(self._global_size(real)))

    def ema_decay(self, batch_size):
        half_life = cosine(0.0, self.ema_images, self._progress(batch_size))
        return ema.decay(half_life, batch_size, self.step * batch_size)

    def _progress(self, batch_size):
        """Returns the finished share of the schedule; may exceed 1.

        Args:
            batch_size: Images in an update over all replicas.
        """
        images_seen = tf.cast(self.step * batch_size, self.compute_dtype)
        return images_seen / self.schedule_images


def _check_numbers(schedule_images, **bounds):
    """Raises `UserError` if a number of `name=(number, lower, upper)` is out of its bounds."""
    if schedule_images < 1:
        raise UserError(f"schedule_images must be at least 1. Received: {schedule_images}.")
    for name, (value, lower, upper) in bounds.items():
        if not lower <= value <= upper:
            raise UserError(f"{name} must be from {lower} to {upper}. Received: {value}.")
