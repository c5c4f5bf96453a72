"""Penalties on D's logits [N], per example."""

import tensorflow as tf


def lecam(real_logits, fake_logits, real_mean, fake_mean, *, rectified=False):
    """(r - mean f)^2 + (f - mean r)^2: LeCam, Tseng et al. 2021, section 3.

    Args:
        real_logits: Logits [N] of real examples.
        fake_logits: Logits [N] of generated examples.
        real_mean: Running mean of the real logits, a scalar. A `Game`'s starts at 0, which the
            first hundreds of updates of D are therefore drawn to.
        fake_mean: Running mean of the generated ones.
        rectified: Count r - mean f and mean r - f only where positive, as the
            authors' code does: D is not pulled back from answering wrongly.
    """
    real = real_logits - tf.stop_gradient(tf.cast(fake_mean, real_logits.dtype))
    fake = tf.stop_gradient(tf.cast(real_mean, fake_logits.dtype)) - fake_logits
    if rectified:
        real, fake = tf.nn.relu(real), tf.nn.relu(fake)
    return real**2 + fake**2


def consistency(logits, augmented_logits):
    """(D(x) - D(T(x)))^2: bCR, Zhao et al. 2020, algorithm 1.

    The paper adds it for real and for generated images, each with the weight 10.

    Args:
        logits: Logits [N] of images.
        augmented_logits: Logits [N] of the same images, augmented.
    """
    return (logits - augmented_logits) ** 2
