"""The spectrally normalised GAN.

Miyato, Kataoka, Koyama, Yoshida: Spectral Normalization for Generative Adversarial Networks,
2018.
"""

import keras

from keras_gan.adversarial import AdversarialModel
from keras_gan.networks import plain
from keras_gan.players import one_each


@keras.saving.register_keras_serializable(package="keras_gan")
class SNGAN(AdversarialModel):
    """D with kernels of spectral norm 1, which bounds its slope.

    Each kernel of D, as a matrix, is divided by its largest singular value,
    which one power iteration a pass follows (algorithm 1; see `spectral_norm`).
    The hinge loss (equations 16 and 17); five updates of D for one of G and Adam 2e-4
    with beta 0 and 0.9, with which the paper trains its residual networks. G has batch norm.

    Where this differs from the paper: D is DCGAN's, a stride-2 convolution a
    level and LeakyReLU 0.2, not that of its table 3 with more layers and
    LeakyReLU 0.1; real and generated examples pass D one after the other, so
    that there are two power iterations an update; G's pass through D leaves the
    singular vectors alone. Samples come from an averaged generator.

    Args:
        image_shape: (height, width, channels), see `networks.dcgan.levels`, or
            (dimensions,) for vectors.
        num_classes: Ignored; the system is not conditional.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step.
        width: Channels of the layers next to the image.
        discriminator_width: Of D, where it is not to be G's.
        kernel_size: Side of the convolution kernels.
        units: Widths of the hidden layers, for vectors.
    """

    tiny = {"d_steps": 2, "latent_dim": 4, "width": 2, "kernel_size": 3}
    pieces = {"objective": "hinge"}
    bounded_critic = True

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=100,
        latent_prior="normal",
        d_steps=5,
        width=64,
        discriminator_width=None,
        kernel_size=4,
        units=(128, 128),
        **pieces,
    ):
        del num_classes
        super().__init__(
            image_shape,
            **plain.players(
                image_shape,
                latent_dim=latent_dim,
                width=width,
                discriminator_width=discriminator_width,
                kernel_size=kernel_size,
                units=units,
                normalization="spectral",
            ),
            latent_prior=latent_prior,
            d_steps=d_steps,
            pieces=pieces,
        )

    def default_optimizers(self):
        return one_each(keras.optimizers.Adam, 2e-4, beta_1=0.0, beta_2=0.9)
