"""Penalties on D's gradients by its inputs, per example, in float32 or more.

A critic is a function from images [N, ...] to logits [N]. The gradients by the
images are those of the sum of the logits, which are the gradients of each logit
only if the critic lets no example influence another's logit: it must have no
batch norm on batch statistics, and no minibatch statistics either, or the
penalty also counts what each image does to the others' logits.

Every call of the critic is a call in training mode if the caller makes it one,
and moves its state, such as spectral-norm vectors.
"""

import tensorflow as tf

from keras_gan import randomness
from keras_gan.distribution.replicas import global_mean

_TINY = 1e-12  # Inside the root, whose slope at zero is infinite.


def input_gradients(critic, images):
    """Returns d critic(image) / d image, [N, ...]; see the module's docstring."""
    images = _wide(images)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        total = tf.reduce_sum(_wide(critic(images)))
    return tape.gradient(total, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def gradient_penalty(critic, real, fake, share=None, *, one_sided=False, target=1.0):
    """(||grad D(x)|| - 1)^2 between real and generated: WGAN-GP, Gulrajani et al. 2017, eq. 3.

    x = real + share * (fake - real), and the paper's lambda is 10.

    Args:
        critic: See the module's docstring.
        real: Real images [N, ...].
        fake: Generated images [N, ...].
        share: Tensor [N] of shares in [0, 1]. Default: drawn uniformly, by index
            in the global batch.
        one_sided: Count norms above the target only (Petzka et al. 2018, WGAN-LP).
        target: The norm that is not penalised.
    """
    real, fake = _wide(real), _wide(fake)
    if share is None:
        share = randomness.batch_uniform(real.shape[:1])
    return _norm_penalty(critic, real + _rows(share, real) * (fake - real), one_sided, target)


def dragan(critic, real, share=None, noise=None, *, one_sided=False, target=1.0):
    """(||grad D(x)|| - 1)^2 near real images: DRAGAN, Kodali et al. 2017.

    x = real + share * 0.5 * std * noise as in the authors' code, with the
    standard deviation of all pixels of the global batch, for which this
    synchronises; the paper writes normal noise. lambda is 10.

    Args:
        critic: See the module's docstring.
        real: Real images [N, ...].
        share: Tensor [N] in [0, 1]. Default: drawn uniformly.
        noise: Tensor like `real`. Default: drawn uniformly from [0, 1).
        one_sided: Count norms above the target only.
        target: The norm that is not penalised.
    """
    real = _wide(real)
    if share is None:
        share = randomness.batch_uniform(real.shape[:1])
    if noise is None:
        noise = randomness.batch_uniform(real.shape)
    # The difference of the mean square and the squared mean would lose digits.
    mean = global_mean(tf.reduce_mean(real))
    deviation = tf.sqrt(global_mean(tf.reduce_mean((real - mean) ** 2)) + _TINY)
    moved = _rows(share, real) * (0.5 * deviation * tf.cast(noise, real.dtype))
    return _norm_penalty(critic, real + moved, one_sided, target)


def r1(critic, real):
    """1/2 ||grad D(x)||^2 at real images, summed over pixels: Mescheder et al. 2018, eq. 9.

    The paper's gamma is the weight of this, so that the 1/2 is not in it. The
    images are those before any augmentation, which belongs into the critic.
    """
    return half_squared_norm(input_gradients(critic, real))


def half_squared_norm(gradients):
    """1/2 ||gradient||^2 [N] of gradients [N, ...]: what `r1` and `r2` are made of."""
    return 0.5 * _squared_norm(_wide(gradients))


def r2(critic, fake):
    """`r1` at generated images: Mescheder et al. 2018, eq. 10."""
    return r1(critic, fake)


def _norm_penalty(critic, images, one_sided, target):
    norm = tf.sqrt(_squared_norm(input_gradients(critic, images)) + _TINY)
    excess = norm - target
    return (tf.nn.relu(excess) if one_sided else excess) ** 2


def _squared_norm(gradients):
    return tf.reduce_sum(gradients**2, axis=list(range(1, gradients.shape.rank)))


def _rows(values, images):
    """Returns values [N] in the rank and the precision of images, to broadcast."""
    shape = [-1, *[1] * (images.shape.rank - 1)]
    return tf.reshape(tf.cast(values, images.dtype), shape)


def _wide(values):
    """Returns a tensor in float32, or float64 if it is that."""
    values = tf.convert_to_tensor(values)
    return values if values.dtype == tf.float64 else tf.cast(values, tf.float32)
