"""The auxiliary classifier GAN.

Odena, Olah, Shlens: Conditional Image Synthesis with Auxiliary Classifier GANs, 2017.
"""

import keras

from keras_gan.losses import class_cross_entropy
from keras_gan.models._labelled import LabelledModel
from keras_gan.networks import labelled


@keras.saving.register_keras_serializable(package="keras_gan")
class ACGAN(LabelledModel):
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
        **others: Those of `LabelledModel`.
    """

    discriminator_class = labelled.Classifier
    term_names = ("d_class_loss", "g_class_loss")

    def __init__(self, image_shape, *, d_class_weight=1.0, g_class_weight=1.0, **others):
        super().__init__(image_shape, **others)
        self.d_class_weight, self.g_class_weight = d_class_weight, g_class_weight

    def discriminator_terms(self, real, fake, real_answer, fake_answer):
        of_real, of_fake = (
            class_cross_entropy(self.labels_of(examples), answer["classes"])
            for examples, answer in ((real, real_answer), (fake, fake_answer))
        )
        return {"d_class_loss": self.d_class_weight * (of_real + of_fake)}

    def generator_terms(self, fake, answer):
        loss = class_cross_entropy(self.labels_of(fake), answer["classes"])
        return {"g_class_loss": self.g_class_weight * loss}
