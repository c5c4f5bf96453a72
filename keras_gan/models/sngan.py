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
        d_steps: Discriminator updates in a step.
        kernel_size: Side of the convolution kernels.
        normalization: Of D, which makes the system what it is.
        **others: Those of `PlainModel`.
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
