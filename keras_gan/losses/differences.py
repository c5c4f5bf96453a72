"""Losses that depend only on differences between real and generated logits.

Adding the same constant to every logit changes none of them. r is the logit of a real example, f
the logit of a generated one.
"""

import tensorflow as tf

from keras_gan.distribution.replicas import global_mean


def discriminator_wasserstein(real_logits, fake_logits):
    """Returns f - r, the Wasserstein critic's loss: Arjovsky et al. 2017, equation 2.

    It is meaningful only for a critic with a bounded Lipschitz constant: clip the
    weights, add a gradient penalty, or normalise the weights.
    """
    return fake_logits - real_logits


def generator_wasserstein(fake_logits):
    """Returns -f, Arjovsky et al. 2017, section 3."""
    return -fake_logits


def discriminator_relativistic(real_logits, fake_logits):
    """Returns softplus(-(r - f)) for pairs: RpGAN, Jolicoeur-Martineau 2018, section 4.

    The i-th real example is paired with the i-th generated one. Both are drawn
    independently, so the pairing does not change the expected loss.
    """
    return tf.nn.softplus(fake_logits - real_logits)


def generator_relativistic(fake_logits, real_logits):
    """Returns softplus(-(f - r)) for pairs: Jolicoeur-Martineau 2018, section 4."""
    return tf.nn.softplus(real_logits - fake_logits)


def discriminator_relativistic_average(real_logits, fake_logits):
    """Returns softplus(-(r - mean f)) + softplus(f - mean r), the sum of both terms.

    RaGAN, Jolicoeur-Martineau 2018, section 4. The means are taken over the global
    batch, and gradients flow through them. Call it in replica context: it
    exchanges values between replicas.
    """
    real, fake = _relative(real_logits, fake_logits)
    return tf.nn.softplus(-real) + tf.nn.softplus(fake)


def generator_relativistic_average(fake_logits, real_logits):
    """Returns softplus(-(f - mean r)) + softplus(r - mean f).

    See `discriminator_relativistic_average`.
    """
    real, fake = _relative(real_logits, fake_logits)
    return tf.nn.softplus(-fake) + tf.nn.softplus(real)


def _relative(real_logits, fake_logits):
    """Returns r - mean f and f - mean r."""
    means = tf.stack([tf.reduce_mean(real_logits), tf.reduce_mean(fake_logits)])
    mean_real, mean_fake = tf.unstack(global_mean(means))
    return real_logits - mean_fake, fake_logits - mean_real
