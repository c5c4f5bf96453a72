"""The conditional GAN.

Mirza, Osindero: Conditional Generative Adversarial Nets, 2014.
"""

import keras

from keras_gan.models._labelled import LabelledDCGAN
from keras_gan.networks import labelled


@keras.saving.register_keras_serializable(package="keras_gan")
class CGAN(LabelledDCGAN):
    """Both players see the label: the original game within each class (equation 2).

    Where this differs from the paper: its players are perceptrons that take the label as a
    one-hot vector; these are DCGAN's networks, with the label's embedding beside the latents
    in G and added to the first features in D, and DCGAN's optimizers. A sample has the
    label of a real example of the batch. Samples come from an averaged generator.

    The arguments are those of `LabelledDCGAN`.
    """

    discriminator_class = labelled.Discriminator
