"""Values to log about the discriminator's logits, per example. They take no part in training."""

import tensorflow as tf


def accuracy(logits, real, threshold=0.0):
    """Returns 1 where the discriminator is right, 0 where it is wrong, 1/2 at the threshold.

    Args:
        logits: Logits [N].
        real: Whether the examples are real. Real ones should be above the threshold,
            generated ones below.
        threshold: The logit between "real" and "generated".
    """
    sign = tf.sign(logits - threshold)
    return 0.5 + 0.5 * (sign if real else -sign)


def threshold_monitors(real_logits, fake_logits, threshold=0.0):
    """Returns the values to log for losses whose logits have a threshold between real and fake."""
    return {
        "d_accuracy_real": accuracy(real_logits, True, threshold),
        "d_accuracy_fake": accuracy(fake_logits, False, threshold),
        "d_logits_real": real_logits,
        "d_logits_fake": fake_logits,
    }


def difference_monitors(real_logits, fake_logits):
    """Returns the values to log for losses of logit differences, which have no threshold.

    `d_accuracy` is 1 where the i-th real logit exceeds the i-th generated one, and
    1/2 at a tie. The two members of a pair are independent, so the mean estimates
    P(real logit > fake logit).
    """
    return {
        "d_accuracy": accuracy(real_logits - fake_logits, True),
        "d_logits_real": real_logits,
        "d_logits_fake": fake_logits,
    }


def wasserstein_monitors(real_logits, fake_logits):
    """Returns `difference_monitors` and `wasserstein`, the real logit minus the generated one.

    For the best critic of Lipschitz constant K, the mean of `wasserstein` estimates
    K times the Wasserstein-1 distance (Arjovsky et al. 2017, section 3). Any other
    critic gives less.
    """
    watched = difference_monitors(real_logits, fake_logits)
    return {**watched, "wasserstein": real_logits - fake_logits}
