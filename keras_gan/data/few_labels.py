"""Hides most labels of a dataset, for semi-supervised learning."""

import numpy as np

from keras_gan.errors import UserError

UNKNOWN = -1  # The label of examples without one.


def keep_labels(source, per_class, seed):
    """Keeps the labels of `per_class` random examples of each class. The others become -1.

    Args:
        source: A `Source`, which is changed in place.
        per_class: Number of labels to keep in each class.
        seed: Seed of the choice.

    Raises:
        UserError: If there are no labels, or too few in a class.
    """
    labels = source.labels
    if labels is None:
        raise UserError(
            "--labels_per_class needs a dataset whose labels are known before training: a folder "
            "with a folder for each class, or a labelled dataset that fits into memory. Received: "
            f"{source.name}."
        )
    counts = np.bincount(labels[labels >= 0], minlength=source.num_classes)
    if counts.min() < per_class:
        name = source.class_names[counts.argmin()]
        raise UserError(
            f"--labels_per_class must be at most {counts.min()}, the number of examples of class "
            f"{name} in {source.name}. Received: {per_class}."
        )
    draw, few = np.random.default_rng(seed), np.full_like(labels, UNKNOWN)
    for label in range(source.num_classes):
        few[draw.permutation(np.flatnonzero(labels == label))[:per_class]] = label
    source.labels = few
