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
    """D judges m examples at once, all real or all generated.

    The examples of a pack are side by side in the channels of D's input; nothing
    else of the game changes (section 2). A lack of diversity, hard to see in one
    sample, shows in packs: the mode collapse region of two distributions stands
    out the more the larger m is (section 3).

    A pack is made of neighbours in the batch, whose examples are independent, so
    that N examples give N / m logits, and losses, penalties, the accuracy,
    `top_k` and `top_k_images` are about packs. An example is augmented on its own,
    before packing.

    Where this differs from the paper: G has no batch norm for vectors, where the
    paper's D is of maxout units and Adam 1e-4 with beta1 0.8; samples come from
    an averaged generator.

    Args:
        packing: Examples in a pack, the paper's m; 1 is the unpacked game.
        **others: Those of `PlainModel`.
    """

    tiny = {**PlainModel.tiny, "normalization": "none"}

    def __init__(self, image_shape, *, packing=2, **others):
        check_arguments(packing=packing)
        if others.get("consistency"):
            raise UserError(
                "consistency compares the logits of examples, and PacGAN has logits of packs. "
                f"Received: consistency={others['consistency']}. Leave it at 0, or use dcgan."
            )
        self.packing = packing  # The base makes D by it.
        super().__init__(image_shape, **others)

    def discriminator_loss(self, real, fake):
        return super().discriminator_loss(self._packs(real), self._packs(fake))

    def generator_loss(self, real, fake):
        return super().generator_loss(self._packs(real), self._packs(fake))

    def discriminate(self, examples):
        """Returns the logits [N / m] of packs, augmenting each of their examples on its own."""
        images = self.game.augmented(unpacked(examples["image"], self.packing))
        return self._in_full_precision(self.answer({"image": packed(images, self.packing)}))

    def _packs(self, examples):
        return {"image": packed(examples["image"], self.packing)}


def packed(images, packing):
    """Returns packs [N / packing, ..., packing * channels] of neighbours in [N, ..., channels]."""
    count, *sides, channels = images.shape
    if count % packing:
        raise UserError(
            f"Expected a multiple of packing={packing} examples on each replica, in each part of "
            f"an update. Received: {count}. Use another --batch_size or packing."
        )
    groups = tf.reshape(images, [count // packing, packing, *sides, channels])
    last = len(sides) + 2
    groups = tf.transpose(groups, [0, *range(2, last), 1, last])
    return tf.reshape(groups, [count // packing, *sides, packing * channels])


def unpacked(packs, packing):
    """Returns the images that `packed` was given."""
    count, *sides, channels = packs.shape
    groups = tf.reshape(packs, [count, *sides, packing, channels // packing])
    last = len(sides) + 2
    groups = tf.transpose(groups, [0, last - 1, *range(1, last - 1), last])
    return tf.reshape(groups, [count * packing, *sides, channels // packing])
