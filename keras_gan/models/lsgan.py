"""The least squares GAN.

Mao, Li, Xie, Lau, Wang, Smolley: Least Squares Generative Adversarial Networks, 2017.
"""

import keras

from keras_gan.models._plain import PlainModel


@keras.saving.register_keras_serializable(package="keras_gan")
class LSGAN(PlainModel):
    """D and G by squared distances from labels instead of cross-entropy.

    D: 1/2 E[(D(x) - 1)^2] + 1/2 E[D(G(z))^2], G: 1/2 E[(D(G(z)) - 1)^2] (equation 9, the labels
    0 and 1), with a linear output of D. A sample on the right side of the boundary but far from
    the data still has a gradient (section 3.2).

    Where this differs from the paper: the networks are DCGAN's of any size, not
    those of its figure 5, with DCGAN's optimizers; samples come from an averaged
    generator.

    The arguments are those of `PlainModel`.
    """

    pieces = {"objective": "least_squares"}
    fixed_pieces = ("objective",)
