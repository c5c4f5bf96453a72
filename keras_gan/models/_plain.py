"""Base class of the systems that change the losses but use standard networks."""

from keras_gan.models._latent import LatentGAN
from keras_gan.networks import plain


class PlainModel(LatentGAN):
    """Base class with DCGAN's networks for images and multilayer perceptrons for vectors.

    The optimizers are DCGAN's.

    Args:
        image_shape: (height, width, channels), see `networks.dcgan.levels`, or (dimensions,)
            for vectors.
        num_classes: Ignored; these systems are not conditional.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step.
        normalization: Normalization of the discriminator; see `networks.normalization`.
            `"auto"` is batch norm for images and none for vectors.
        width: Channels of the layers next to the image.
        discriminator_width: `width` of the discriminator. Default: the generator's.
        kernel_size: Side of the convolution kernels, in pixels.
        units: Widths of the hidden layers, for vectors.
        **pieces: Shared options; see `pieces.Pieces`.

    Attributes:
        packing: Number of examples that the discriminator sees stacked along the channels.
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
