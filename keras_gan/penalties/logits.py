"""Penalties on the discriminator's logits, per example."""

import tensorflow as tf


def lecam(real_logits, fake_logits, real_mean, fake_mean, *, rectified=False):
    """Returns (r - mean f)^2 + (f - mean r)^2: LeCam, Tseng et al. 2021, section 3.

    Args:
        real_logits: Logits [N] of real examples.
        fake_logits: Logits [N] of generated examples.
        real_mean: Running mean of the real logits, a scalar. A `Contest` takes the mean over
            the updates before, with decay 0.99 and without the bias of its start at zero; there
            is no penalty in the first update. The authors' mean counts the present batch too.
        fake_mean: Running mean of the generated logits, a scalar.
        rectified: Penalise r - mean f and mean r - f only where they are positive, as the
            authors' code does. Logits on the wrong side are then not penalised.
    """
    real = real_logits - tf.stop_gradient(tf.cast(fake_mean, real_logits.dtype))
    fake = tf.stop_gradient(tf.cast(real_mean, fake_logits.dtype)) - fake_logits
    if rectified:
        real, fake = tf.nn.relu(real), tf.nn.relu(fake)
    return real**2 + fake**2


def consistency(logits, augmented_logits):
    """Returns (D(x) - D(T(x)))^2: bCR, Zhao et al. 2020, algorithm 1.

    The paper adds it for real and for generated images, both with weight 10.

    Args:
        logits: Logits [N] of images.
        augmented_logits: Logits [N] of the same images after augmentation T.
    """
    return (logits - augmented_logits) ** 2
