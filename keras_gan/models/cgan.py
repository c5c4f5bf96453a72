"""The conditional GAN.

Mirza, Osindero: Conditional Generative Adversarial Nets, 2014.
"""

import keras

from keras_gan.models._labelled import LabelledDCGAN
from keras_gan.networks import labelled


@keras.saving.register_keras_serializable(package="keras_gan")
class CGAN(LabelledDCGAN):
    """Conditional GAN: both players take the label as an input (equation 2).

    Where this differs from the paper: its players are multilayer perceptrons that take the
    label as a one-hot vector. Here the networks and optimizers are DCGAN's. The generator takes
    an embedding of the label beside the latents; the discriminator adds one to its first
    features. Generated images take the labels of the real examples in the batch. Samples come
    from an averaged generator.

    The arguments are those of `LabelledDCGAN`.
    """

    discriminator_class = labelled.Discriminator
