"""The auxiliary classifier GAN.

Odena, Olah, Shlens: Conditional Image Synthesis with Auxiliary Classifier GANs, 2017.
"""

import keras

from keras_gan.checks import check_weights
from keras_gan.losses import class_cross_entropy
from keras_gan.models._labelled import LabelledDCGAN, labels_of
from keras_gan.networks import labelled


@keras.saving.register_keras_serializable(package="keras_gan")
class ACGAN(LabelledDCGAN):
    """Conditional GAN whose discriminator also classifies real and generated images.

    The discriminator adds the cross-entropy of its class predictions to its loss, on real and
    on generated images. The generator adds the same cross-entropy of its own images to its
    loss (equations 2 and 3). The discriminator does not see labels.

    Where this differs from the paper: the generator takes an embedding of the label beside the
    latents, not a one-hot vector; the networks are DCGAN's, without dropout in the
    discriminator. Generated images take the labels of the real examples in the batch. Samples
    come from an averaged generator.

    Args:
        d_class_weight: Weight of the class cross-entropy in the discriminator's loss.
        g_class_weight: Weight of the class cross-entropy in the generator's loss. The code of
            WGAN-GP's authors uses 0.1.
        **others: Arguments of `LabelledDCGAN`.
    """

    discriminator_class = labelled.Classifier
    term_names = ("d_class_loss", "g_class_loss")

    def __init__(self, image_shape, *, d_class_weight=1.0, g_class_weight=1.0, **others):
        check_weights(d_class_weight=d_class_weight, g_class_weight=g_class_weight)
        super().__init__(image_shape, **others)
        self.d_class_weight, self.g_class_weight = d_class_weight, g_class_weight

    def answer(self, examples):
        return self.discriminator(examples["image"], training=True)

    def discriminator_terms(self, real, fake, real_answer, fake_answer):
        of_real, of_fake = (
            class_cross_entropy(labels_of(self, examples), answer["classes"])
            for examples, answer in ((real, real_answer), (fake, fake_answer))
        )
        return {"d_class_loss": self.d_class_weight * (of_real + of_fake)}

    def generator_terms(self, fake, answer):
        loss = class_cross_entropy(labels_of(self, fake), answer["classes"])
        return {"g_class_loss": self.g_class_weight * loss}
