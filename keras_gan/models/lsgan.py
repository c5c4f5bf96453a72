"""The least squares GAN.

Mao, Li, Xie, Lau, Wang, Smolley: Least Squares Generative Adversarial Networks, 2017.
"""

import keras

from keras_gan.adversarial import AdversarialModel
from keras_gan.networks import plain
from keras_gan.players import one_each


@keras.saving.register_keras_serializable(package="keras_gan")
class LSGAN(AdversarialModel):
    """D and G by squared distances from labels instead of cross-entropy.

    D: 1/2 E[(D(x) - 1)^2] + 1/2 E[D(G(z))^2], G: 1/2 E[(D(G(z)) - 1)^2] (equation 9, the labels
    0 and 1), with a linear output of D. A sample on the right side of the boundary but far from
    the data still has a gradient (section 3.2).

    Where this differs from the paper: the networks are DCGAN's of any size, not
    those of its figure 5, with DCGAN's optimizers; samples come from an averaged
    generator.

    Args:
        image_shape: (height, width, channels), see `networks.dcgan.levels`, or
            (dimensions,) for vectors.
        num_classes: Ignored; the system is not conditional.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step.
        normalization: Of D, see `networks.normalization`; `"auto"` is batch norm
            for images and none for vectors.
        width: Channels of the layers next to the image.
        discriminator_width: Of D, where it is not to be G's.
        kernel_size: Side of the convolution kernels.
        units: Widths of the hidden layers, for vectors.
    """

    tiny = {"latent_dim": 4, "width": 2, "kernel_size": 3}
    pieces = {"objective": "least_squares"}
    fixed_pieces = ("objective",)

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
        super().__init__(
            image_shape,
            **plain.players(
                image_shape,
                latent_dim=latent_dim,
                width=width,
                discriminator_width=discriminator_width,
                kernel_size=kernel_size,
                units=units,
                normalization=normalization,
            ),
            latent_prior=latent_prior,
            d_steps=d_steps,
            pieces=pieces,
        )

    def default_optimizers(self):
        return one_each(keras.optimizers.Adam, 2e-4, beta_1=0.5)
