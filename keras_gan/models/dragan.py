"""The GAN with a gradient penalty around the data.

Kodali, Abernethy, Hays, Kira: On Convergence and Stability of GANs, 2017.
"""

import keras

from keras_gan.adversarial import AdversarialModel
from keras_gan.networks import plain
from keras_gan.players import one_each


@keras.saving.register_keras_serializable(package="keras_gan")
class DRAGAN(AdversarialModel):
    """The original game with D's gradient held near length 1 around real examples.

    Algorithm 1: lambda E[(||grad D(x + delta)|| - 1)^2] is added to D's loss, lambda
    being 10, to avoid the sharp D around the data that mode collapse goes with
    (section 2.3). delta is uniform noise of up to half the batch's standard
    deviation, times a uniform share, as in the authors' code; see
    `penalties.dragan`. The gradient is that of the logit, as in the code, and D
    may have batch norm, as there: it then counts what each example does to the
    others' logits.

    Where this differs: samples come from an averaged generator.

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

    tiny = {"latent_dim": 4, "width": 2, "kernel_size": 3, "normalization": "none"}
    pieces = {"penalty": "dragan"}
    fixed_pieces = ("penalty",)

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
