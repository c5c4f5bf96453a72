"""Losses that see only differences between real and generated logits.

Adding a constant to every logit changes none of them.
"""

import tensorflow as tf

from keras_gan.distribution.replicas import global_mean


def discriminator_wasserstein(real_logits, fake_logits):
    """f - r: the critic widens the difference of means, Arjovsky et al. 2017, equation 2.

    It means something for critics of bounded Lipschitz constant only: clip the
    weights, or add a gradient penalty, or normalise the weights.
    """
    return fake_logits - real_logits


def generator_wasserstein(fake_logits):
    """-f, Arjovsky et al. 2017, section 3."""
    return -fake_logits


def discriminator_relativistic(real_logits, fake_logits):
    """softplus(-(r - f)), of pairs: RpGAN, Jolicoeur-Martineau 2018, section 4.

    The i-th real example meets the i-th generated one; as both are independent
    draws, which one meets which has no effect on the mean.
    """
    return tf.nn.softplus(fake_logits - real_logits)


def generator_relativistic(fake_logits, real_logits):
    """softplus(-(f - r)), of pairs: Jolicoeur-Martineau 2018, section 4."""
    return tf.nn.softplus(real_logits - fake_logits)


def discriminator_relativistic_average(real_logits, fake_logits):
    """softplus(-(r - mean f)) + softplus(f - mean r), the sum of both terms.

    RaGAN, Jolicoeur-Martineau 2018, section 4. The means are over the global
    batch and are differentiated. Call it in replica context; it synchronises.
    """
    real, fake = _relative(real_logits, fake_logits)
    return tf.nn.softplus(-real) + tf.nn.softplus(fake)


def generator_relativistic_average(fake_logits, real_logits):
    """softplus(-(f - mean r)) + softplus(r - mean f); see the discriminator's."""
    real, fake = _relative(real_logits, fake_logits)
    return tf.nn.softplus(-fake) + tf.nn.softplus(real)


def _relative(real_logits, fake_logits):
    """Returns r - mean f and f - mean r."""
    means = tf.stack([tf.reduce_mean(real_logits), tf.reduce_mean(fake_logits)])
    mean_real, mean_fake = tf.unstack(global_mean(means))
    return real_logits - mean_fake, fake_logits - mean_real
