"""Losses of class logits."""

import tensorflow as tf


def class_cross_entropy(labels, logits):
    """Returns -log p(label) [N] of labels [N] for logits [N, classes]."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
