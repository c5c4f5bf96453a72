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
    """D also names the class, of real and of generated images; both players want it right.

    Equations 2 and 3: D descends the game's loss and the cross-entropy of the classes, on real
    and on generated images; G descends its own loss and that cross-entropy of its images. D
    does not see labels.

    Where this differs from the paper: G takes the label's embedding beside the latents, not a
    one-hot vector; the networks are DCGAN's, without the dropout of the paper's D. A sample has
    the label of a real example of the batch. Samples come from an averaged generator.

    Args:
        d_class_weight: Weight of the classes' cross-entropy for D.
        g_class_weight: And for G. The code of WGAN-GP's authors has 0.1 here.
        **others: Those of `LabelledDCGAN`.
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
