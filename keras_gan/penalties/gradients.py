"""Penalties on the discriminator's gradients by its inputs, per example, in float32 or float64.

`critic` is a function from images [N, ...] to logits [N]. The gradient is taken
of the sum of all logits. It equals the gradient of each logit only if no example
influences the logit of another one. So the critic must not use batch norm on
batch statistics, nor minibatch statistics; otherwise the penalty also counts the
effect of each image on the logits of the others.

The caller decides whether `critic` runs in training mode. If it does, each call
updates its state, such as spectral-norm vectors.
"""

import tensorflow as tf

from keras_gan import randomness
from keras_gan.distribution.replicas import global_mean

_TINY = 1e-12  # Added under square roots: their slope at zero is infinite.


def input_gradients(critic, images):
    """Returns the gradients d critic(image) / d image, [N, ...]; see the module's docstring."""
    images = _wide(images)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        total = tf.reduce_sum(_wide(critic(images)))
    return tape.gradient(total, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def gradient_penalty(critic, real, fake, share=None, *, one_sided=False, target=1.0):
    """Returns (||grad D(x)|| - 1)^2 at points between real and generated images.

    WGAN-GP, Gulrajani et al. 2017, equation 3. x = real + share * (fake - real).
    The paper's lambda is 10.

    Args:
        critic: See the module's docstring.
        real: Real images [N, ...].
        fake: Generated images [N, ...].
        share: Tensor [N] in [0, 1]. Default: drawn uniformly, by index in the
            global batch.
        one_sided: Penalise only norms above the target (Petzka et al. 2018, WGAN-LP).
        target: The norm that is not penalised.
    """
    real, fake = _wide(real), _wide(fake)
    if share is None:
        share = randomness.batch_uniform(real.shape[:1])
    return _norm_penalty(critic, real + _rows(share, real) * (fake - real), one_sided, target)


def dragan(critic, real, share=None, noise=None, *, one_sided=False, target=1.0):
    """Returns (||grad D(x)|| - 1)^2 near real images: DRAGAN, Kodali et al. 2017.

    x = real + share * 0.5 * std * noise with uniform noise, as in the authors'
    code; the paper has normal noise. std is the standard deviation of all pixels
    in the global batch, so this exchanges values between replicas. The paper's
    lambda is 10.

    Args:
        critic: See the module's docstring.
        real: Real images [N, ...].
        share: Tensor [N] in [0, 1]. Default: drawn uniformly.
        noise: Tensor like `real`. Default: drawn uniformly from [0, 1).
        one_sided: Penalise only norms above the target.
        target: The norm that is not penalised.
    """
    real = _wide(real)
    if share is None:
        share = randomness.batch_uniform(real.shape[:1])
    if noise is None:
        noise = randomness.batch_uniform(real.shape)
    # Two passes: mean square minus squared mean would lose digits.
    mean = global_mean(tf.reduce_mean(real))
    deviation = tf.sqrt(global_mean(tf.reduce_mean((real - mean) ** 2)) + _TINY)
    moved = _rows(share, real) * (0.5 * deviation * tf.cast(noise, real.dtype))
    return _norm_penalty(critic, real + moved, one_sided, target)


def r1(critic, real):
    """Returns 1/2 ||grad D(x)||^2 at real images: R1, Mescheder et al. 2018, equation 9.

    The square is summed over pixels. The weight is the paper's gamma; the factor
    1/2 is already included here. The authors' code has none: `reg_param` 10 there is
    weight 20 here. Pass images before augmentation, and augment
    inside the critic.
    """
    return half_squared_norm(input_gradients(critic, real))


def half_squared_norm(gradients):
    """Returns 1/2 ||gradient||^2, [N], for gradients [N, ...]; `r1` and `r2` use it."""
    return 0.5 * _squared_norm(_wide(gradients))


def r2(critic, fake):
    """Returns 1/2 ||grad D(x)||^2 at generated images: R2, Mescheder et al. 2018, equation 10."""
    return r1(critic, fake)


def _norm_penalty(critic, images, one_sided, target):
    norm = tf.sqrt(_squared_norm(input_gradients(critic, images)) + _TINY)
    excess = norm - target
    return (tf.nn.relu(excess) if one_sided else excess) ** 2


def _squared_norm(gradients):
    return tf.reduce_sum(gradients**2, axis=list(range(1, gradients.shape.rank)))


def _rows(values, images):
    """Reshapes and casts values [N] so that they broadcast against images."""
    shape = [-1, *[1] * (images.shape.rank - 1)]
    return tf.reshape(tf.cast(values, images.dtype), shape)


def _wide(values):
    """Returns a float32 tensor; float64 stays float64."""
    values = tf.convert_to_tensor(values)
    return values if values.dtype == tf.float64 else tf.cast(values, tf.float32)
