"""The deep convolutional GAN.

Radford, Metz, Chintala: Unsupervised Representation Learning with Deep
Convolutional Generative Adversarial Networks, 2015.
"""

import keras

from keras_gan.checks import check_arguments
from keras_gan.game.players import same_for_both
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import dcgan


@keras.saving.register_keras_serializable(package="keras_gan")
class DCGAN(LatentGAN):
    """The game of the original GAN between two convolutional networks.

    The paper's rules: strided convolutions in D and fractionally-strided ones
    in G, no pooling, no hidden dense layers beyond the projection of the
    latents, batch norm except on G's output and D's input, ReLU and tanh in G,
    LeakyReLU 0.2 in D, weights from N(0, 0.02), Adam 2e-4 with beta1 0.5, batch
    128, and separate passes of real and generated images through D. `width=128`
    at 64x64 is the paper's generator, 1024-512-256-128 channels.

    Where this differs from the paper: the latent prior is N(0, I) unless
    `latent_prior="uniform"`; batch norm keeps moving statistics for inference
    (epsilon 1e-5) and normalises the projection by channel, not by unit; layers
    that no batch norm follows have a bias, which the authors' code leaves out
    (without one on G's output, batch norm in D hides a wrong background from it
    in networks of two levels); no weight decay, which only the authors' code
    has; samples come from an averaged generator.

    Args:
        image_shape: (height, width, channels). Each side is a number from 2 to
            7 doubled n times; see `networks.dcgan.levels`.
        num_classes: Ignored; the system is not conditional.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1), the paper's.
        d_steps: Discriminator updates in a step.
        width: Channels of the layers next to the image; they double a level, up
            to 8 times.
        discriminator_width: Of D, where it is not to be G's.
        kernel_size: Side of the convolution kernels.
        normalization: Of D: `"batch"`, the paper's, `"layer"`, `"spectral"` or
            `"none"`; see `networks.normalization`.
    """

    tiny = {"latent_dim": 4, "width": 2, "kernel_size": 3}

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=100,
        latent_prior="normal",
        d_steps=1,
        width=128,
        discriminator_width=None,
        kernel_size=5,
        normalization="batch",
        **pieces,
    ):
        del num_classes
        if discriminator_width is None:
            discriminator_width = width
        check_arguments(
            latent_dim=latent_dim,
            d_steps=d_steps,
            width=width,
            discriminator_width=discriminator_width,
            kernel_size=kernel_size,
        )
        super().__init__(
            image_shape,
            generator=dcgan.Generator(
                image_shape, latent_dim=latent_dim, width=width, kernel_size=kernel_size
            ),
            discriminator=dcgan.Discriminator(
                image_shape,
                width=discriminator_width,
                kernel_size=kernel_size,
                normalization=normalization,
            ),
            latent_dim=latent_dim,
            latent_prior=latent_prior,
            d_steps=d_steps,
            pieces=pieces,
        )

    def default_optimizers(self):
        return same_for_both(keras.optimizers.Adam, 2e-4, beta_1=0.5)
