"""The inception score, on the predictions of any classifier."""

from typing import NamedTuple

import numpy as np

from keras_gan.errors import UserError
from keras_gan.metrics.inputs import check_count, check_features

_TOLERANCE = 1e-3  # Float16 predictions of a thousand classes sum to 1 within this.


class InceptionScore(NamedTuple):
    """Mean over the splits, and their (population) standard deviation."""

    mean: float
    standard_deviation: float


def inception_score(probabilities, splits=10):
    """exp(E_x KL(p(y|x) || p(y))): how sure and how varied a classifier's answers are.

    Salimans et al. 2016, section 4, with the mean and the deviation over `splits`
    consecutive parts, as published (so shuffle samples that come by class). It
    does not look at real examples. Only the Inception network's 1008 or 1000
    classes give numbers that compare with papers.

    Args:
        probabilities: Predicted for samples, [N, classes]: at least 0, rows
            that sum to 1 (within 1e-3; they are normalised exactly).
        splits: Number of parts, at most N. With few samples a part sees few
            classes, which lowers the score: 10 splits of 50,000 samples are
            usual.

    Returns:
        An `InceptionScore`, its mean between 1 and the number of classes.

    Raises:
        UserError: For what are not probabilities (logits, say), or too few samples.
    """
    check_count("splits", splits)
    probabilities = check_features("probabilities", probabilities).astype(np.float64)
    sums = probabilities.sum(axis=1)
    if probabilities.min() < 0.0 or np.abs(sums - 1.0).max() > _TOLERANCE:
        raise UserError(
            "probabilities must be at least 0 and sum to 1 in each row. Received: values from "
            f"{probabilities.min():.4g}, sums from {sums.min():.4g} to {sums.max():.4g}. Apply a "
            "softmax to logits."
        )
    if splits > len(probabilities):
        raise UserError(
            f"splits must be at most the number of samples. Received: splits={splits} with "
            f"{len(probabilities)} samples."
        )
    probabilities /= sums[:, None]
    ends = len(probabilities) * np.arange(1, splits) // splits
    scores = [_score(part) for part in np.split(probabilities, ends)]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))


def _score(probabilities):
    marginal = probabilities.mean(axis=0)
    # 0 log 0 is 0: where p(y) is 0, so is every p(y|x).
    ratio = np.divide(
        probabilities, marginal, out=np.ones_like(probabilities), where=probabilities > 0.0
    )
    return np.exp((probabilities * np.log(ratio)).sum(axis=1).mean())
