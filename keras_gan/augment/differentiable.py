"""DiffAugment: random changes that are the same in law for real and generated images.

Zhao, Liu, Lin, Zhu, Han: Differentiable Augmentation for Data-Efficient GAN
Training, 2020.
"""

import tensorflow as tf

from keras_gan import randomness
from keras_gan.augment.pixels import brighten, check_images, contrast, cut_out, saturate
from keras_gan.augment.positions import shift
from keras_gan.errors import UserError


def _color(images, draws):
    """Brightness +-0.5, saturation times U(0, 2), contrast times U(0.5, 1.5)."""
    images = brighten(images, draws[:, 0] - 0.5)
    images = saturate(images, draws[:, 1] * 2.0)
    return contrast(images, draws[:, 2] + 0.5)


def _translation(images, draws):
    """Whole pixels, uniform within an eighth of each side; zeros come in."""
    amounts = (_most(size, 0.125) for size in images.shape[1:3])
    down, right = (whole(draws[:, i], -most, most) for i, most in enumerate(amounts))
    return shift(images, down, right)


def _cutout(images, draws):
    """A rectangle of half of each side, with its centre anywhere in the image."""
    sizes = [_most(size, 0.5) for size in images.shape[1:3]]
    # The centre of a rectangle of even size lies between pixels, and on the edge too.
    first = (
        whole(draws[:, i], 0, images.shape[1 + i] - size % 2) - size // 2
        for i, size in enumerate(sizes)
    )
    return cut_out(images, *first, *sizes)


def _most(size, share):
    return int(size * share + 0.5)


def whole(draws, least, most):
    """Turns draws from [0, 1) into integers from `least` to `most`, all as likely."""
    number = tf.cast(tf.floor(draws * float(most - least + 1)), tf.int32)
    return least + tf.minimum(number, most - least)  # Rounding can give one too many.


_OPERATIONS = {"color": (_color, 3), "translation": (_translation, 2), "cutout": (_cutout, 2)}
POLICIES = tuple(_OPERATIONS)


def parse_policy(text):
    """Returns the names in a policy such as `"color,translation"`; none for `""`.

    Raises:
        UserError: For other names, or one given twice.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if set(names) - set(POLICIES) or len(set(names)) < len(names):
        raise UserError(
            f"augment is made of {', '.join(POLICIES)}, each at most once, separated by commas, or "
            f"is adaptive. Received: {text!r}."
        )
    return names


def diff_augment(images, policy, draws=None):
    """Returns augmented images; to be called on what D sees in both players' updates.

    Args:
        images: [N, height, width, C] in [-1, 1], C being 1, 3 or 4. Colours can
            leave that range: up to +-1.5 by brightness, more by the others.
        policy: Text, see `parse_policy`; done in the order given.
        draws: Tensor [N, k] in [0, 1), k being 3 for color and 2 for each of the
            others, in order. Default: drawn by index in the global batch.

    Raises:
        UserError: For images of another shape, or an unknown policy.
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
