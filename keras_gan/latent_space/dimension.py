"""How many dimensions examples fill."""

from typing import NamedTuple

import numpy as np

from keras_gan.errors import UserError
from keras_gan.latent_space.arrays import finite

_FEWEST = 20  # Distinct examples below which the estimate says nothing.
_ROWS = 256  # Examples whose distances to all others are in memory together.


class IntrinsicDimension(NamedTuple):
    """What `intrinsic_dimension` found.

    Attributes:
        dimension: The estimate, a positive number; not always a whole one.
        standard_error: Of the estimate, as if the examples' ratios were independent.
        examples: Number of distinct examples that it was made from.
        duplicates: Number of examples left out since they equal another one.
    """

    dimension: float
    standard_error: float
    examples: int
    duplicates: int


def intrinsic_dimension(examples, discard=0.1):
    """Estimates how many dimensions the examples fill, from their two nearest neighbours.

    Facco, d'Errico, Rodriguez, Laio: Estimating the intrinsic dimension of datasets by a
    minimal neighborhood information, 2017. Where the density hardly changes between an example
    and its second neighbour, the ratio of their two distances has the distribution
    1 - ratio^-dimension. The largest ratios, which fit it worst, are discarded as in the paper.
    In place of the paper's line through the cumulative distribution this takes the
    maximum-likelihood estimate for a sample of which the largest values are only known to be
    larger; it has a standard error.

    Curved or noisy data needs many examples to look flat between neighbours. Above some 10
    dimensions the estimate falls short, as neighbours come to lie beyond the data's edges.

    Args:
        examples: Array [N, ...] in any unit: images, points, features.
        discard: Share of the examples, those of the largest ratios, in [0, 1).

    Returns:
        `IntrinsicDimension`.

    Raises:
        UserError: For values that are not finite, fewer than 20 distinct examples, or examples
            on a lattice, whose two neighbours are equally far.
    """
    examples = finite("examples", examples, rows=True)
    examples = examples.reshape(len(examples), -1)
    if not 0.0 <= discard < 1.0:
        raise UserError(f"discard must be in [0, 1), such as 0.1. Received: {discard}.")
    distinct = np.unique(examples, axis=0)
    duplicates = len(examples) - len(distinct)
    if len(distinct) < _FEWEST:
        raise UserError(
            f"Expected at least {_FEWEST} distinct examples. Received: {len(examples)}, of which "
            f"{duplicates} equal another one. Give some thousand for a good estimate."
        )
    nearest, second = _two_nearest(distinct)
    logarithms = np.sort(np.log(second / nearest))
    kept = max(2, int(np.floor(len(distinct) * (1.0 - discard))))
    # Each of those left out is at least as large as the largest that is kept.
    total = logarithms[:kept].sum() + (len(distinct) - kept) * logarithms[kept - 1]
    if total <= 0.0:
        raise UserError(
            "Expected examples whose two nearest neighbours differ in distance. Received: "
            f"{len(distinct)} examples on a lattice, such as few grey levels. Add noise of less "
            "than a step, or give features in their place."
        )
    dimension = (kept - 1) / total  # kept / total would be too large by 1 / kept on average.
    return IntrinsicDimension(
        float(dimension), float(dimension / np.sqrt(kept)), len(distinct), duplicates
    )


def _two_nearest(points):
    """Returns the distances [N] of distinct points to their nearest and second-nearest one."""
    points = np.ldexp(points, -np.frexp(np.abs(points).max())[1])  # So that no square overflows.
    centered = points - points.mean(axis=0)
    squares = np.sum(centered**2, axis=1)
    distances = []
    for start in range(0, len(points), _ROWS):
        rows = centered[start : start + _ROWS]
        products = squares - 2.0 * rows @ centered.T  # But for what is the same in a row.
        products[np.arange(len(rows)), start + np.arange(len(rows))] = np.inf
        # These lose digits in the difference of large numbers: good for finding, not as distances.
        found = points[np.argpartition(products, 3, axis=1)[:, :4]]
        between = found - points[start : start + _ROWS, np.newaxis]
        distances.append(np.sort(np.linalg.norm(between, axis=2))[:, :2])
    # Squares of the smallest differences can underflow.
    return np.maximum(np.concatenate(distances).T, np.finfo(np.float64).tiny)
