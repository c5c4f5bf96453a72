"""The least squares GAN.

Mao, Li, Xie, Lau, Wang, Smolley: Least Squares Generative Adversarial Networks, 2017.
"""

import keras

from keras_gan.models._plain import PlainModel


@keras.saving.register_keras_serializable(package="keras_gan")
class LSGAN(PlainModel):
    """GAN with a least-squares loss instead of cross-entropy.

    D minimises 1/2 E[(D(x) - 1)^2] + 1/2 E[D(G(z))^2] and G minimises 1/2 E[(D(G(z)) - 1)^2]
    (equation 9, with labels 0 and 1). D has a linear output. A sample on the correct side of the
    decision boundary but far from the data still has a gradient (section 3.2).

    Where this differs from the paper: the networks and optimizers are DCGAN's, for any image
    size, not the networks of figure 5; samples come from an averaged generator.

    The arguments are those of `PlainModel`.
    """

    pieces = {"objective": "least_squares"}
    fixed_pieces = ("objective",)
