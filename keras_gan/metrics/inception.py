"""The Inception score, from the predictions of any classifier."""

from typing import NamedTuple

import numpy as np

from keras_gan.errors import UserError
from keras_gan.metrics.inputs import check_count, check_features

_TOLERANCE = 1e-3  # Float16 probabilities of a thousand classes sum to 1 within this error.


class InceptionScore(NamedTuple):
    """Mean of the scores of the splits, and their population standard deviation."""

    mean: float
    standard_deviation: float


def inception_score(probabilities, splits=10):
    """Computes the Inception score exp(E_x KL(p(y|x) || p(y))) from predicted probabilities.

    Salimans et al. 2016, section 4. It is high if each prediction is confident and
    the predicted classes are varied. It does not use real examples. As published, it
    is the mean over `splits` consecutive parts, so shuffle samples that are sorted by
    class. Only the 1008 or 1000 classes of the Inception network give numbers that
    compare with papers.

    Args:
        probabilities: Predicted class probabilities of samples, [N, classes]: at
            least 0, each row with the sum 1 within 1e-3. Rows are then normalised
            exactly.
        splits: Number of parts, at most N. Small parts contain few classes, which
            lowers the score; 10 splits of 50,000 samples are usual.

    Returns:
        An `InceptionScore` with a mean between 1 and the number of classes.

    Raises:
        UserError: If these are not probabilities (but logits, for example), or there
            are fewer samples than splits.
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
            f"{len(probabilities)} samples. Give fewer splits or more samples."
        )
    probabilities /= sums[:, None]
    ends = len(probabilities) * np.arange(1, splits) // splits
    scores = [_score(part) for part in np.split(probabilities, ends)]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))


def _score(probabilities):
    marginal = probabilities.mean(axis=0)
    # 0 log 0 is 0. Where p(y) is 0, every p(y|x) is 0 too.
    ratio = np.divide(
        probabilities, marginal, out=np.ones_like(probabilities), where=probabilities > 0.0
    )
    return np.exp((probabilities * np.log(ratio)).sum(axis=1).mean())
