"""What the systems that are about the game, not about networks, have in common."""

import keras

from keras_gan.game.players import same_for_both
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import plain


class PlainModel(LatentGAN):
    """A game between DCGAN's networks for images, perceptrons for vectors; base class.

    Args:
        image_shape: (height, width, channels), see `networks.dcgan.levels`, or
            (dimensions,) for vectors.
        num_classes: Ignored; these systems are not conditional.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step.
        normalization: Of D, see `networks.normalization`; `"auto"` is batch norm
            for images and none for vectors.
        width: Channels of the layers next to the image.
        discriminator_width: Of D, where it is not to be G's.
        kernel_size: Side of the convolution kernels.
        units: Widths of the hidden layers, for vectors.
        **pieces: See `pieces.Pieces`.

    Attributes:
        packing: Examples that D sees side by side in the channels.
    """

    tiny = {"latent_dim": 4, "width": 2, "kernel_size": 3}
    packing = 1

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=100,
        latent_prior="normal",
        d_steps=1,
        normalization="auto",
        width=64,
        discriminator_width=None,
        kernel_size=5,
        units=(128, 128),
        **pieces,
    ):
        del num_classes
        players = plain.players(
            image_shape,
            latent_dim=latent_dim,
            width=width,
            discriminator_width=discriminator_width,
            kernel_size=kernel_size,
            units=units,
            normalization=normalization,
            packing=self.packing,
        )
        super().__init__(
            image_shape, **players, latent_prior=latent_prior, d_steps=d_steps, pieces=pieces
        )

    def default_optimizers(self):
        """Returns DCGAN's."""
        return same_for_both(keras.optimizers.Adam, 2e-4, beta_1=0.5)
