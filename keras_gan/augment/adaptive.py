"""Adaptive discriminator augmentation: as much as it takes to keep D from overfitting.

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
    """Returns the probability of augmentation for the next updates (section 3.1).

    It rises where D is too sure of the real images and falls where it is not,
    from 0 to 1 within `speed` images at most, and stays in [0, 1].

    Args:
        probability: The present one, a scalar.
        sign_mean: The paper's r_t, E[sign(D(x))] of real x since the last change: 0 where D is
            undecided, 1 where it is sure of every real image.
        batch_size: Images in an update, over all replicas.
        every: Updates between changes.
        target: The mean sign to hold.
        speed: Images for the way from 0 to 1.
    """
    probability, sign_mean = (tf.convert_to_tensor(x) for x in (probability, sign_mean))
    step = batch_size * every / speed
    up = tf.cast(tf.sign(sign_mean - target), probability.dtype)
    return tf.clip_by_value(probability + up * step, 0.0, 1.0)


def adaptive_augment(images, probability, draws=None):
    """Returns images after a pipeline, each part of it with a probability of its own draw.

    In order (appendix B): mirroring left and right; quarter turns (square images
    only); moving by whole pixels, within an eighth of each side, with reflection;
    brightness plus N(0, 0.2); contrast times 2^N(0, 0.5), about 0 and not the
    image's mean; saturation times 2^N(0, 1). Left out are the paper's other
    transformations: scaling (uniform and not), rotation by any angle, moving by
    fractions, inversion of the luma, rotation of the hue, the filters of frequency bands, noise
    and cutout. `probability` 1 mirrors half of the images and turns three quarters.

    Args:
        images: [N, height, width, C] in [-1, 1], C being 1, 3 or 4. Colours can
            leave that range.
        probability: In [0, 1], a number or a scalar tensor. With 0 nothing changes.
        draws: Tensor [N, 13] in [0, 1). Default: drawn by index in the global batch.

    Raises:
        UserError: For images of another shape.
    """
    check_images(images)
    if draws is None:
        draws = randomness.batch_uniform([images.shape[0], _DRAWS])
    gates = draws[:, :6] < tf.cast(probability, draws.dtype)
    amounts = draws[:, 6:]
    if tf.as_dtype(images.dtype) == tf.float64:
        # Powers in float32 round otherwise on a replica that has fewer examples.
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
    """Turns draws from [0, 1) into standard normal ones, within +-5."""
    return tf.math.ndtri(tf.clip_by_value(draws, 3e-7, 1.0 - 3e-7))
