"""Top-k training: the generator learns only from the samples with the highest logits.

Sinha, Zhao, Goyal, Raffel, Odena: Top-k Training of GANs, 2020.
"""

import tensorflow as tf

from keras_gan.distribution.replicas import all_gather
from keras_gan.errors import UserError


def top_k(losses, fake_logits, share):
    """Returns the generator's losses [N], weighted so that only the best samples count.

    The mean over the global batch equals the mean loss of the k samples with the
    highest logits.

    Args:
        losses: Losses of the generator, [N].
        fake_logits: The discriminator's logits of the same samples, [N].
        share: See `top_k_weights`.
    """
    return losses * top_k_weights(fake_logits, share)


def top_k_weights(fake_logits, share):
    """Returns one weight per sample, [N]: positive for the k highest logits, otherwise 0.

    In a global batch of B samples, the k = max(1, round(share B)) samples with the
    highest logits get the weight B / k, so the mean weight is 1. Samples tied at
    the k-th logit share the remaining weight equally. No gradient flows through
    the weights. Call it in replica context: it gathers the logits of all replicas.

    Args:
        fake_logits: The discriminator's logits of this replica's samples, [N].
        share: The share of samples to keep, in (0, 1]: a number or a scalar tensor.

    Raises:
        UserError: If `share` is a number out of range.
    """
    if not tf.is_tensor(share) and not 0.0 < share <= 1.0:
        raise UserError(f"The share of samples to keep must be in (0, 1]. Received: {share}.")
    own = tf.stop_gradient(fake_logits)
    everyone = tf.sort(all_gather(own), direction="DESCENDING")
    count = tf.cast(tf.size(everyone), own.dtype)
    k = tf.maximum(tf.round(tf.cast(share, own.dtype) * count), 1.0)
    threshold = tf.gather(everyone, tf.cast(k, tf.int32) - 1)
    total = lambda condition: tf.reduce_sum(tf.cast(condition, own.dtype))  # noqa: E731
    tied = (k - total(everyone > threshold)) / total(everyone == threshold)
    kept = tf.where(own == threshold, tied, tf.cast(own > threshold, own.dtype))
    return kept * count / k
