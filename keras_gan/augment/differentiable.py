"""DiffAugment: the same random augmentations for real and generated images.

Zhao, Liu, Lin, Zhu, Han: Differentiable Augmentation for Data-Efficient GAN
Training, 2020.
"""

import tensorflow as tf

from keras_gan import randomness
from keras_gan.augment.pixels import brighten, check_images, contrast, cut_out, saturate
from keras_gan.augment.positions import shift
from keras_gan.errors import UserError


def _color(images, draws):
    """Changes brightness by +-0.5, saturation by a factor U(0, 2), contrast by U(0.5, 1.5)."""
    images = brighten(images, draws[:, 0] - 0.5)
    images = saturate(images, draws[:, 1] * 2.0)
    return contrast(images, draws[:, 2] + 0.5)


def _translation(images, draws):
    """Moves images by whole pixels, up to an eighth of each side, and fills up with zeros."""
    amounts = (_most(size, 0.125) for size in images.shape[1:3])
    down, right = (whole(draws[:, i], -most, most) for i, most in enumerate(amounts))
    return shift(images, down, right)


def _cutout(images, draws):
    """Sets a rectangle to 0: half of each side, its centre anywhere in the image."""
    sizes = [_most(size, 0.5) for size in images.shape[1:3]]
    # An even-sized rectangle has its centre between pixels or on the edge: one more place.
    first = (
        whole(draws[:, i], 0, images.shape[1 + i] - size % 2) - size // 2
        for i, size in enumerate(sizes)
    )
    return cut_out(images, *first, *sizes)


def _most(size, share):
    return int(size * share + 0.5)


def whole(draws, least, most):
    """Maps uniform draws in [0, 1) to integers from `least` to `most`, all equally likely."""
    number = tf.cast(tf.floor(draws * float(most - least + 1)), tf.int32)
    return least + tf.minimum(number, most - least)  # Rounding can exceed `most` by one.


_OPERATIONS = {"color": (_color, 3), "translation": (_translation, 2), "cutout": (_cutout, 2)}
POLICIES = tuple(_OPERATIONS)


def parse_policy(text):
    """Returns the names of a policy such as `"color,translation"`; an empty tuple for `""`.

    Raises:
        UserError: If a name is unknown or given twice.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if set(names) - set(POLICIES) or len(set(names)) < len(names):
        raise UserError(
            f"augment must be adaptive, or a list of {', '.join(POLICIES)}, each at most once, "
            f"separated by commas. Received: {text!r}."
        )
    return names


def diff_augment(images, policy, draws=None):
    """Returns augmented images.

    Apply it to everything that the discriminator sees, in the updates of both players.

    Args:
        images: [N, height, width, C] in [-1, 1], C being 1, 3 or 4. Changes of
            colour can leave that range: brightness to +-1.5, the others further.
        policy: Text, see `parse_policy`; augmentations are applied in its order.
        draws: Tensor [N, k] in [0, 1). In the order of the policy, color takes 3
            columns, translation and cutout take 2 each. Default: drawn by index in
            the global batch.

    Raises:
        UserError: If the images have another shape or the policy is unknown.
    """
    names = parse_policy(policy)
    if not names:
        return images
    check_images(images)
    counts = [_OPERATIONS[name][1] for name in names]
    if draws is None:
        draws = randomness.batch_uniform([images.shape[0], sum(counts)])
    for name, own in zip(names, tf.split(draws, counts, axis=1), strict=True):
        images = _OPERATIONS[name][0](images, own)
    return images
