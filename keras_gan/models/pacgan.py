"""The packed GAN.

Lin, Khetan, Fanti, Oh: PacGAN: The Power of Two Samples in Generative Adversarial Networks, 2018.
"""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments
from keras_gan.errors import UserError
from keras_gan.models._plain import PlainModel


@keras.saving.register_keras_serializable(package="keras_gan")
class PacGAN(PlainModel):
    """GAN whose discriminator judges packs of m examples, all real or all generated.

    The examples of a pack are stacked along the channels of the discriminator's input. Nothing
    else changes (section 2). One sample hardly shows a lack of diversity, but a pack does: the
    larger m, the more mode collapse stands out (section 3).

    A pack consists of m neighbours in the batch, whose examples are independent. N examples
    give N / m logits. Losses, penalties, the accuracy, `top_k` and `top_k_images` count packs.
    Examples are augmented one by one, before packing.

    Where this differs from the paper, for vectors: the generator has no batch norm; the paper's
    discriminator has maxout units, and its Adam has learning rate 1e-4 and beta1 0.8. Samples
    come from an averaged generator.

    Args:
        packing: Number of examples in a pack, the paper's m. 1 is a GAN without packing.
        **others: Arguments of `PlainModel`.
    """

    tiny = {**PlainModel.tiny, "normalization": "none"}

    def __init__(self, image_shape, *, packing=2, **others):
        check_arguments(packing=packing)
        if others.get("consistency"):
            raise UserError(
                "consistency needs a logit for each example, and PacGAN has one for each pack. "
                f"Received: consistency={others['consistency']}. Leave it at 0, or use dcgan."
            )
        self.packing = packing  # The base class builds the discriminator for it.
        super().__init__(image_shape, **others)
        self.game.examples_in_one = packing

    def discriminator_loss(self, real, fake):
        return super().discriminator_loss(self._packs(real), self._packs(fake))

    def generator_loss(self, real, fake):
        return super().generator_loss(self._packs(real), self._packs(fake))

    def discriminate(self, examples):
        """Augments the examples in packs one by one and returns the packs' logits [N / m]."""
        images = self.game.augmented(unpacked(examples["image"], self.packing))
        return self._in_full_precision(self.answer({"image": packed(images, self.packing)}))

    def _packs(self, examples):
        return {"image": packed(examples["image"], self.packing)}


def packed(images, packing):
    """Packs neighbours of [N, ..., channels]: [N / packing, ..., packing * channels]."""
    count, *sides, channels = images.shape
    if count % packing:
        raise UserError(
            f"Expected a multiple of packing={packing} examples on each replica and in each part "
            f"of an update. Received: {count}. Use another --batch_size or packing."
        )
    groups = tf.reshape(images, [count // packing, packing, *sides, channels])
    last = len(sides) + 2
    groups = tf.transpose(groups, [0, *range(2, last), 1, last])
    return tf.reshape(groups, [count // packing, *sides, packing * channels])


def unpacked(packs, packing):
    """Inverts `packed`: returns the images [N, ..., channels] of packs."""
    count, *sides, channels = packs.shape
    groups = tf.reshape(packs, [count, *sides, packing, channels // packing])
    last = len(sides) + 2
    groups = tf.transpose(groups, [0, last - 1, *range(1, last - 1), last])
    return tf.reshape(groups, [count * packing, *sides, channels // packing])
