"""The spectrally normalised GAN.

Miyato, Kataoka, Koyama, Yoshida: Spectral Normalization for Generative Adversarial Networks,
2018.
"""

import keras

from keras_gan.checks import check_choice
from keras_gan.game.players import same_for_both
from keras_gan.models._plain import PlainModel


@keras.saving.register_keras_serializable(package="keras_gan")
class SNGAN(PlainModel):
    """GAN with spectral normalization in the discriminator, which bounds its slope.

    Each kernel of the discriminator, as a matrix, is divided by its largest singular value. One
    power iteration in each forward pass estimates that value (algorithm 1; see
    `layers.spectral_norm`). The loss is the hinge loss (equations 16 and 17). As for the paper's
    residual networks, the discriminator makes five updates in a step, and Adam has learning
    rate 2e-4, beta1 0 and beta2 0.9. The generator has batch norm.

    Where this differs from the paper: the discriminator is DCGAN's, with one stride-2
    convolution for each level and LeakyReLU 0.2, where the paper's table 3 has more layers and
    LeakyReLU 0.1; real and generated examples pass through it one after the other, so each
    update makes two power iterations; the generator's updates do not change the singular
    vectors. Samples come from an averaged generator.

    Args:
        d_steps: Discriminator updates in a step.
        kernel_size: Side of the convolution kernels, in pixels.
        normalization: Normalization of the discriminator. Only `"spectral"`.
        **others: Arguments of `PlainModel`.
    """

    tiny = {**PlainModel.tiny, "d_steps": 2}
    pieces = {"objective": "hinge"}
    bounded_critic = True

    def __init__(
        self, image_shape, *, d_steps=5, kernel_size=4, normalization="spectral", **others
    ):
        check_choice("normalization", normalization, ("spectral",))
        super().__init__(
            image_shape,
            d_steps=d_steps,
            kernel_size=kernel_size,
            normalization=normalization,
            **others,
        )

    def default_optimizers(self):
        return same_for_both(keras.optimizers.Adam, 2e-4, beta_1=0.0, beta_2=0.9)
