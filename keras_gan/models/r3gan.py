"""R3GAN.

Huang, Gokaslan, Kuleshov, Tompkin: The GAN is dead; long live the GAN! A Modern GAN
Baseline, 2024.
"""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments
from keras_gan.errors import UserError
from keras_gan.game import averages as ema
from keras_gan.game.players import same_for_both
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import perceptrons, r3gan
from keras_gan.optimizers.cosine import CosineAdam, cosine


@keras.saving.register_keras_serializable(package="keras_gan")
class R3GAN(LatentGAN):
    """The relativistic game of pairs with R1 and R2 in every step (section 2).

    The penalties on real and on generated images make it converge locally, so that none of
    the usual tricks is needed (section 3): residual networks without normalisation, Fixup
    initialisation, grouped convolutions. gamma (`penalty_weight`), the learning rate, beta2
    and the averaged generator's half-life follow half a cosine over `schedule_images`;
    `--g_learning_rate` and `--d_learning_rate` set where the rates start, `--decay_images`
    puts a linear fall to zero in place of their cosine. gamma is that for CIFAR-10, the
    batch size 512, which the default optimizers count images by (`CosineAdam`) where
    `train.py` does not know better.

    Where this differs from the paper: it is not conditional; the networks have one width next
    to the image that doubles a stage, and the base is that of `networks.dcgan.levels`;
    computations are in float32 unless `--precision` says otherwise; augmentation is off by
    default, and its probability does not rise with time; the half-life of the average is at
    most 5 % of the images seen (`ema.decay`).
    Vectors are made by perceptrons of leaky ReLUs, of which the paper has nothing.

    Args:
        image_shape: (height, width, channels), or (dimensions,) for vectors.
        num_classes: Ignored; the system is not conditional.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step.
        width: Channels next to the image.
        growth: Times more channels from one stage to the next smaller one.
        max_width: Most channels.
        blocks: Residual blocks in a stage.
        group_size: Channels of a group of the 3x3 convolutions.
        generator_units: Widths of G's hidden layers, for vectors.
        discriminator_units: Widths of D's hidden layers, for vectors.
        scale: About the size of the entries of vectors: of the grid 4.
        penalty_weight_end: gamma at the end.
        learning_rate_end: Share of the learning rates that is left at the end.
        beta_2_end: Adam's beta2 at the end; it starts at 0.9.
        schedule_images: Images over which these move.
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
        units = {
            "generator_units": generator_units,
            "discriminator_units": discriminator_units,
        }
        check_arguments(latent_dim=latent_dim, d_steps=d_steps, **sizes, **units)
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

    def penalty_weight(self, real):
        start, end = self.game.pieces.penalty_weight, self.penalty_weight_end
        return cosine(start, end, self._progress(self._global_size(real)))

    def ema_decay(self, batch_size):
        half_life = cosine(0.0, self.ema_images, self._progress(batch_size))
        return ema.decay(half_life, batch_size, self.step * batch_size)

    def _progress(self, batch_size):
        """Returns the share of the schedule that is over, for images in an update."""
        images_seen = tf.cast(self.step * batch_size, self.compute_dtype)
        return images_seen / self.schedule_images


def _check_numbers(schedule_images, **bounds):
    """Raises `UserError` unless each number is between the bounds beside it."""
    if schedule_images < 1:
        raise UserError(f"schedule_images must be at least 1. Received: {schedule_images}.")
    for name, (value, lower, upper) in bounds.items():
        if not lower <= value <= upper:
            raise UserError(f"{name} must be from {lower} to {upper}. Received: {value}.")
