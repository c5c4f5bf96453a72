"""Least-squares and hinge losses, which move each logit towards or past a fixed value.

r is the logit of a real example, f the logit of a generated one.
"""

import functools

import tensorflow as tf

from keras_gan.losses.monitors import threshold_monitors


def discriminator_least_squares(real_logits, fake_logits):
    """Returns 1/2 (r - 1)^2 + 1/2 f^2, Mao et al. 2017 (LSGAN), equation 9."""
    return 0.5 * (real_logits - 1.0) ** 2 + 0.5 * fake_logits**2


def generator_least_squares(fake_logits):
    """Returns 1/2 (f - 1)^2, Mao et al. 2017, equation 9."""
    return 0.5 * (fake_logits - 1.0) ** 2


# The optimal logit is p / (p + q), with p the density of the data and q that of samples: 1/2
# where both are equally likely.
least_squares_monitors = functools.partial(threshold_monitors, threshold=0.5)


def discriminator_hinge(real_logits, fake_logits):
    """Returns max(0, 1 - r) + max(0, 1 + f): Lim, Ye 2017; Miyato et al. 2018, equation 16."""
    return tf.nn.relu(1.0 - real_logits) + tf.nn.relu(1.0 + fake_logits)


def generator_hinge(fake_logits):
    """Returns -f, Miyato et al. 2018 (SNGAN), equation 17."""
    return -fake_logits
