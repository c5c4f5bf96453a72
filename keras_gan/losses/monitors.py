"""What to watch of D's logits, per example; none of it is differentiated."""

import tensorflow as tf


def accuracy(logits, real, threshold=0.0):
    """1 where D answers rightly (logit > threshold for real), 0 where wrongly, 1/2 at a tie."""
    sign = tf.sign(logits - threshold)
    return 0.5 + 0.5 * (sign if real else -sign)


def threshold_monitors(real_logits, fake_logits, threshold=0.0):
    """For losses that give logits [N] a threshold between real and generated."""
    return {
        "d_accuracy_real": accuracy(real_logits, True, threshold),
        "d_accuracy_fake": accuracy(fake_logits, False, threshold),
        "d_logits_real": real_logits,
        "d_logits_fake": fake_logits,
    }


def difference_monitors(real_logits, fake_logits):
    """For losses that see only differences of logits, which have no threshold.

    `d_accuracy` is 1 where the i-th real logit exceeds the i-th generated one,
    1/2 at a tie. Pairs of one batch are independent, so that its mean estimates
    P(real logit > fake logit).
    """
    return {
        "d_accuracy": accuracy(real_logits - fake_logits, True),
        "d_logits_real": real_logits,
        "d_logits_fake": fake_logits,
    }


def wasserstein_monitors(real_logits, fake_logits):
    """`difference_monitors` with `wasserstein`, r - f.

    Its mean estimates K times the Wasserstein-1 distance for the best critic of
    Lipschitz constant K (Arjovsky et al. 2017, section 3); any other critic's is
    less.
    """
    watched = difference_monitors(real_logits, fake_logits)
    return {**watched, "wasserstein": real_logits - fake_logits}
