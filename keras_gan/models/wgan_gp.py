"""The Wasserstein GAN with a gradient penalty.

Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville: Improved Training of Wasserstein GANs, 2017.
"""

import keras

from keras_gan.adversarial import AdversarialModel
from keras_gan.networks import plain
from keras_gan.players import one_each


@keras.saving.register_keras_serializable(package="keras_gan")
class WGANGP(AdversarialModel):
    """A critic whose gradient is held near length 1 between real and generated examples.

    Equation 3: E[f(G(z))] - E[f(x)] + lambda E[(||grad f(x')|| - 1)^2] with x' on
    the line between a real and a generated example, each at its own uniform
    place; lambda is 10. Algorithm 1: five critic updates for one of G, Adam 1e-4
    with beta 0 and 0.9.

    Where this differs from the authors' code: G learns from as many samples as
    the critic, not twice as many, the images get no uniform noise of a grey
    level, and the critic is DCGAN's without batch norm, for any image size, in place of the
    residual network. Samples come from an averaged generator.

    Args:
        image_shape: (height, width, channels), see `networks.dcgan.levels`, or
            (dimensions,) for vectors.
        num_classes: Ignored; the system is not conditional.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step.
        normalization: Of the critic, see `networks.normalization`: `"none"`,
            `"layer"` or `"spectral"`. Batch norm is refused: the penalty is on each
            example's own gradient (section 4).
        width: Channels of the layers next to the image.
        discriminator_width: Of D, where it is not to be G's.
        kernel_size: Side of the convolution kernels.
        units: Widths of the hidden layers, for vectors.
    """

    tiny = {"d_steps": 2, "latent_dim": 4, "width": 2, "kernel_size": 3}
    pieces = {"objective": "wasserstein", "penalty": "gradient_penalty"}
    fixed_pieces = ("objective", "penalty")

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=100,
        latent_prior="normal",
        d_steps=5,
        normalization="none",
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
        return one_each(keras.optimizers.Adam, 1e-4, beta_1=0.0, beta_2=0.9)
