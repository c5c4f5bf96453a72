"""Adaptive discriminator augmentation: just enough to keep the discriminator from overfitting.

Karras, Aittala, Hellsten, Laine, Lehtinen, Aila: Training Generative Adversarial
Networks with Limited Data, 2020 (ADA).
"""

import tensorflow as tf

from keras_gan import randomness
from keras_gan.augment.differentiable import whole
from keras_gan.augment.pixels import amplify, brighten, check_images, saturate
from keras_gan.augment.positions import mirror, rotate, shift

_DRAWS = 13


def adapted_probability(probability, sign_mean, *, batch_size, every=4, target=0.6, speed=500_000):
    """Returns the augmentation probability for the next updates (section 3.1).

    It rises while the mean sign is above the target and falls while it is below.
    It moves from 0 to 1 in `speed` images at the fastest, and stays in [0, 1].

    Args:
        probability: The current probability, a scalar.
        sign_mean: The paper's r_t, E[sign(D(x))] over real x since the last change: 0 if the
            discriminator is undecided, 1 if it recognises every real image.
        batch_size: Images in one update, over all replicas.
        every: Updates between two changes.
        target: The mean sign to aim for.
        speed: Number of images in which the probability can go from 0 to 1.
    """
    probability, sign_mean = (tf.convert_to_tensor(x) for x in (probability, sign_mean))
    step = batch_size * every / speed
    up = tf.cast(tf.sign(sign_mean - target), probability.dtype)
    return tf.clip_by_value(probability + up * step, 0.0, 1.0)


def adaptive_augment(images, probability, draws=None):
    """Returns images after the ADA pipeline; each transformation is applied with a probability.

    Transformations in order (appendix B): horizontal flip; rotation by multiples of
    90 degrees (square images only); translation by whole pixels, up to an eighth of
    each side, with reflection; brightness plus N(0, 0.2); contrast times
    2^N(0, 0.5), about 0 instead of the image's mean; saturation times 2^N(0, 1).

    The paper's other transformations are left out: isotropic and anisotropic
    scaling, arbitrary rotation, fractional translation, luma flip, hue rotation,
    frequency-band filters, noise and cutout. With `probability` 1 half of the images
    are flipped and three quarters are rotated, since a transformation may draw "no
    change". All shifts are equally likely; the authors round a uniform number, so that their
    largest shifts are half as likely as the others.

    Args:
        images: [N, height, width, C] in [-1, 1], C being 1, 3 or 4. Changes of
            colour can leave that range.
        probability: The probability of each transformation, in [0, 1]: a number or a
            scalar tensor. With 0 nothing changes.
        draws: Tensor [N, 13] in [0, 1). Default: drawn by index in the global batch.

    Raises:
        UserError: If the images have another shape.
    """
    check_images(images)
    if draws is None:
        draws = randomness.batch_uniform([images.shape[0], _DRAWS])
    gates = draws[:, :6] < tf.cast(probability, draws.dtype)
    amounts = draws[:, 6:]
    if tf.as_dtype(images.dtype) == tf.float64:
        # In float32, powers round differently for other numbers of examples on a replica.
        amounts = tf.cast(amounts, tf.float64)
    chosen = lambda i, value, neutral: tf.where(gates[:, i], value, neutral)  # noqa: E731
    normal = lambda i: _normal(amounts[:, i])  # noqa: E731
    height, width = images.shape[1:3]

    images = mirror(images, gates[:, 0] & (amounts[:, 0] < 0.5))
    if height == width:
        images = rotate(images, chosen(1, whole(amounts[:, 1], 0, 3), 0))
    down, right = (
        chosen(2, whole(amounts[:, 2 + i], -(size // 8), size // 8), 0)
        for i, size in enumerate((height, width))
    )
    images = shift(images, down, right, reflect=True)
    images = brighten(images, chosen(3, 0.2 * normal(4), 0.0))
    images = amplify(images, chosen(4, 2.0 ** (0.5 * normal(5)), 1.0))
    return saturate(images, chosen(5, 2.0 ** normal(6), 1.0))


def _normal(draws):
    """Maps uniform draws in [0, 1) to standard normal ones, within +-5."""
    return tf.math.ndtri(tf.clip_by_value(draws, 3e-7, 1.0 - 3e-7))
