"""The intrinsic dimension of a set of examples."""

from typing import NamedTuple

import numpy as np

from keras_gan.errors import UserError
from keras_gan.latent_space.arrays import finite

_FEWEST = 20  # The estimate needs at least this many distinct examples.
_ROWS = 256  # Number of examples whose distances to all others are in memory at a time.


class IntrinsicDimension(NamedTuple):
    """The result of `intrinsic_dimension`.

    Attributes:
        dimension: The estimate, a positive number, not necessarily whole.
        standard_error: Standard error of the estimate, if the ratios of distances were independent.
        examples: Number of distinct examples used.
        duplicates: Number of examples ignored because they equal another one.
    """

    dimension: float
    standard_error: float
    examples: int
    duplicates: int


def intrinsic_dimension(examples, discard=0.1):
    """Estimates the intrinsic dimension of examples from distances to two nearest neighbours.

    Facco, d'Errico, Rodriguez, Laio: Estimating the intrinsic dimension of datasets by a
    minimal neighborhood information, 2017 (TwoNN). For each example take the distance to its
    second neighbour over the distance to its first. If the density is nearly constant between
    them, this ratio has the cumulative distribution 1 - ratio^-dimension. As in the paper, the
    largest ratios are discarded, since they fit worst. The paper then fits a line to the
    cumulative distribution. Here the dimension is the maximum-likelihood estimate that treats the
    discarded ratios as censored, which also gives a standard error.

    Curved or noisy data needs many examples to look flat between neighbours. Above about 10
    dimensions the estimate is too low, because points near the edge of the data lack neighbours
    on one side.

    Args:
        examples: Array [N, ...] in any unit: images, points, features.
        discard: Share of the examples to discard, in [0, 1): those with the largest ratios.

    Returns:
        An `IntrinsicDimension`.

    Raises:
        UserError: If values are not finite, there are fewer than 20 distinct examples, or the
            examples lie on a lattice, where both neighbours are equally far away.
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
            f"{duplicates} equal another one. A good estimate takes a few thousand."
        )
    nearest, second = _two_nearest(distinct)
    logarithms = np.sort(np.log(second / nearest))
    kept = max(2, int(np.floor(len(distinct) * (1.0 - discard))))
    # Discarded ratios are censored: each is at least as large as the largest one kept.
    total = logarithms[:kept].sum() + (len(distinct) - kept) * logarithms[kept - 1]
    if total <= 0.0:
        raise UserError(
            "Expected examples whose two nearest neighbours differ in distance. Received: "
            f"{len(distinct)} examples on a lattice, such as images of few grey levels. Add noise "
            "smaller than one step of the lattice, or give features instead."
        )
    dimension = (kept - 1) / total  # kept / total would be biased upwards by 1 / kept.
    return IntrinsicDimension(
        float(dimension), float(dimension / np.sqrt(kept)), len(distinct), duplicates
    )


def _two_nearest(points):
    """Returns the distances [N] of distinct points to their nearest and second-nearest one."""
    # Scale by a power of two, so that no square overflows.
    points = np.ldexp(points, -np.frexp(np.abs(points).max())[1])
    centered = points - points.mean(axis=0)
    squares = np.sum(centered**2, axis=1)
    distances = []
    for start in range(0, len(points), _ROWS):
        rows = centered[start : start + _ROWS]
        # Squared distances without the term that is constant within a row.
        products = squares - 2.0 * rows @ centered.T
        products[np.arange(len(rows)), start + np.arange(len(rows))] = np.inf
        # They find the neighbours but are too inexact as distances, which are computed again.
        found = points[np.argpartition(products, 3, axis=1)[:, :4]]
        between = found - points[start : start + _ROWS, np.newaxis]
        distances.append(np.sort(np.linalg.norm(between, axis=2))[:, :2])
    # Squares of the smallest differences can underflow.
    return np.maximum(np.concatenate(distances).T, np.finfo(np.float64).tiny)
