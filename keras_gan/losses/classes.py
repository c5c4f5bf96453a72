"""Losses for networks that classify examples."""

import tensorflow as tf


def class_cross_entropy(labels, logits):
    """Returns the softmax cross-entropy -log p(label), [N].

    Args:
        labels: Class indices, integers [N].
        logits: Class logits [N, classes].
    """
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
