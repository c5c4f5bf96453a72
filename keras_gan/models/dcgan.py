"""The deep convolutional GAN.

Radford, Metz, Chintala: Unsupervised Representation Learning with Deep
Convolutional Generative Adversarial Networks, 2015.
"""

import keras

from keras_gan.checks import check_arguments
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import dcgan


@keras.saving.register_keras_serializable(package="keras_gan")
class DCGAN(LatentGAN):
    """Convolutional GAN with the original loss.

    It follows the paper's rules. The discriminator has strided convolutions and LeakyReLU 0.2,
    the generator transposed convolutions, ReLU and a tanh output. There is no pooling, and no
    hidden dense layer except the projection of the latents. Batch norm follows every layer
    except the generator's output and the discriminator's input. Real and generated images pass
    through the discriminator separately. Weights start from N(0, 0.02). Adam has learning rate
    2e-4 and beta1 0.5; the paper's batch size is 128. `width=128` at 64x64 gives the paper's
    generator with 1024-512-256-128 channels.

    Where this differs from the paper: the latent prior is N(0, I) unless
    `latent_prior="uniform"`; batch norm keeps moving statistics for inference (epsilon 1e-5)
    and normalises the projection by channel, not by unit; samples come from an averaged
    generator. Where this differs from the authors' code: layers without batch norm have a bias
    (without one on the generator's output, in networks of two levels the discriminator's batch
    norm hides a wrong background from it); there is no weight decay.

    Args:
        image_shape: (height, width, channels). Each side must be a number from 2 to 7 that is
            doubled n times; see `networks.dcgan.levels`.
        num_classes: Ignored; the system is not conditional.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1), the paper's.
        d_steps: Discriminator updates in a step.
        width: Channels of the layers next to the image. They double at each level, up to 8
            times this number.
        discriminator_width: `width` of the discriminator. Default: the generator's.
        kernel_size: Side of the convolution kernels, in pixels.
        normalization: Normalization of the discriminator: `"batch"`, the paper's, `"layer"`,
            `"spectral"` or `"none"`; see `networks.normalization`.
        **pieces: Shared options; see `pieces.Pieces`.
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
