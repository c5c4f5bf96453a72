"""Losses of the original GAN, whose discriminator classifies examples as real or generated.

Below, D(x) is sigmoid(logit) and softplus(a) is log(1 + exp(a)).
"""

import math

import tensorflow as tf

from keras_gan.losses.monitors import threshold_monitors


def discriminator_cross_entropy(real_logits, fake_logits, label_smoothing=0.0):
    """Returns -log D(x) - log(1 - D(G(z))), Goodfellow et al. 2014, equation 1.

    Args:
        real_logits: Logits of real examples, [N].
        fake_logits: Logits of generated examples, [N].
        label_smoothing: One-sided label smoothing (Salimans et al. 2016, section
            3.4). The target of real examples is 1 - label_smoothing. The target
            of generated examples stays 0.
    """
    real = tf.nn.softplus(-real_logits) + label_smoothing * real_logits
    return real + tf.nn.softplus(fake_logits)


def generator_minimax(fake_logits):
    """Returns log(1 - D(G(z))), equation 1; it saturates when D rejects G's samples."""
    return -tf.nn.softplus(fake_logits)


def generator_non_saturating(fake_logits):
    """Returns -log D(G(z)), cross-entropy with "real" labels: Goodfellow et al. 2014, section 3."""
    return tf.nn.softplus(-fake_logits)


def value_function(real_logits, fake_logits):
    """Returns log D(x) + log(1 - D(G(z))); the mean is V(D, G), -log 4 at the equilibrium."""
    return -tf.nn.softplus(-real_logits) - tf.nn.softplus(fake_logits)


def cross_entropy_monitors(real_logits, fake_logits):
    """Returns the values to log for the cross-entropy losses, per example.

    `jensen_shannon` is (V + log 4) / 2. For the optimal discriminator it equals
    the Jensen-Shannon divergence between data and samples (Goodfellow et al. 2014,
    theorem 1). For any other discriminator it is a lower bound and can be negative.
    """
    value = value_function(real_logits, fake_logits)
    return {
        **threshold_monitors(real_logits, fake_logits),
        "value": value,
        "jensen_shannon": (value + math.log(4.0)) / 2.0,
    }
