"""Datasets of which few labels are used, as semi-supervised learning has it."""

import numpy as np

from keras_gan.errors import UserError

UNKNOWN = -1  # The label of examples without one.


def keep_labels(source, per_class, seed):
    """Leaves so many examples of each class of a `Source` their labels; the others get -1.

    Args:
        source: A `Source`, which is changed.
        per_class: Number of labels of each class.
        seed: Decides which ones.

    Raises:
        UserError: If there are no labels, or too few of a class.
    """
    labels = source.labels
    if labels is None:
        raise UserError(
            "--labels_per_class needs a dataset whose labels are at hand: a folder with a folder "
            f"for each class, or one that fits into memory. Received: {source.name}."
        )
    counts = np.bincount(labels[labels >= 0], minlength=source.num_classes)
    if counts.min() < per_class:
        name = source.class_names[counts.argmin()]
        raise UserError(
            f"--labels_per_class must be at most {counts.min()}, the examples of class {name} of "
            f"{source.name}. Received: {per_class}."
        )
    draw, few = np.random.default_rng(seed), np.full_like(labels, UNKNOWN)
    for label in range(source.num_classes):
        few[draw.permutation(np.flatnonzero(labels == label))[:per_class]] = label
    source.labels = few
