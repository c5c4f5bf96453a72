"""How well one labelling tells another: categorical codes and classes."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from keras_gan.errors import UserError


class Contingency(NamedTuple):
    """What codes and classes that were counted together say of each other.

    Attributes:
        information: Their mutual information in nats.
        purity: Share of the examples in the commonest class of their code.
        agreement: Share of the examples in the class of their code, when each code
            is given another class in the best way.
        classes: For each code the class that it is given, or -1.
    """

    information: float
    purity: float
    agreement: float
    classes: np.ndarray


def contingency(codes, classes, num_codes, num_classes):
    """Compares codes with classes of the same examples.

    Args:
        codes: Integers [N] from 0 to num_codes - 1.
        classes: Integers [N] from 0 to num_classes - 1.
        num_codes: Number of codes.
        num_classes: Number of classes.

    Returns:
        A `Contingency`.

    Raises:
        UserError: If they are none, not as many, or out of range.
    """
    pairs = [np.asarray(values) for values in (codes, classes)]
    for values, count in zip(pairs, (num_codes, num_classes), strict=True):
        fits = values.ndim == 1 and len(values) == len(pairs[0]) > 0 and values.dtype.kind in "iu"
        if not fits or values.min() < 0 or values.max() >= count:
            raise UserError(
                f"Expected as many codes as classes, whole numbers from 0 to {count - 1}. "
                f"Received: shape {values.shape}, {np.array2string(values, threshold=8)}."
            )
    counts = np.zeros((num_codes, num_classes))
    np.add.at(counts, tuple(pairs), 1.0)
    joint = counts / counts.sum()
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    seen = joint > 0
    information = np.sum(joint[seen] * np.log(joint[seen] / independent[seen]))
    given = best_assignment(joint)
    agreement = sum(joint[code, label] for code, label in enumerate(given) if label >= 0)
    purity = joint.max(axis=1).sum()
    return Contingency(float(information), float(purity), float(agreement), given)


def best_assignment(gains):
    """Returns for each row a column of its own, -1 for none, such that the sum of gains is largest.

    Args:
        gains: Array [rows, columns].
    """
    rows, columns = linear_sum_assignment(gains, maximize=True)
    found = np.full(len(gains), -1)
    found[rows] = columns
    return found
