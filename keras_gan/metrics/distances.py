"""Euclidean distances between two sets of features, computed in tiles to limit memory."""

import numpy as np

TILE = 2048  # Most examples on each side of a tile: 32 MB of distances.
_SIDE_BYTES = 2**27  # Most bytes of the float64 features on one side of a tile.
_FEW_DIMENSIONS = 16  # Up to here distances are computed from differences, axis by axis.
# |a|^2 + |b|^2 - 2 a.b has an error of about 1e-16 times the norms. A squared distance
# below this share of the norms is computed again from the difference a - b.
_CANCELLATION = 1e-5
_TIE = 1.0 - 1e-9


def closer(squared, squared_radii):
    """Returns where distances are below the radius; equal up to rounding counts as not below."""
    return squared < squared_radii * _TIE


def kth_squared(features, k, tile=TILE):
    """Returns the squared distance of each example to its k-th nearest other example, [N]."""
    radii = np.empty(len(features))
    tile = _fitting(tile, features)
    for rows in _slices(len(features), tile):
        best = np.full((rows.stop - rows.start, k), np.inf)
        for columns in _slices(len(features), tile):
            squared = squared_distances(features, features, rows, columns)
            hide_self(squared, rows, columns)
            if squared.shape[1] > k:
                squared = np.partition(squared, k - 1, axis=1)[:, :k]
            best = np.partition(np.hstack([best, squared]), k - 1, axis=1)[:, :k]
        radii[rows] = best[:, k - 1]
    return radii


def nearest_others(features, chosen, tile=TILE):
    """Returns the squared distances from chosen examples to their nearest other one, [chosen]."""
    nearest = np.full(len(chosen), np.inf)
    tile = _fitting(tile, features)
    for rows in _slices(len(chosen), tile):
        own = features[chosen[rows]]
        for columns in _slices(len(features), tile):
            squared = squared_distances(own, features, slice(0, len(own)), columns)
            squared[chosen[rows, None] == np.arange(columns.start, columns.stop)] = np.inf
            nearest[rows] = np.minimum(nearest[rows], squared.min(axis=1))
    return nearest


def tiles(first, second, tile=TILE):
    """Yields (rows, columns, squared distances [rows, columns]) until all pairs are covered."""
    tile = _fitting(tile, first)
    for rows in _slices(len(first), tile):
        for columns in _slices(len(second), tile):
            yield rows, columns, squared_distances(first, second, rows, columns)


def hide_self(squared, rows, columns):
    """Sets the distance of each example to itself to infinity, in a tile of one set."""
    own = np.arange(max(rows.start, columns.start), min(rows.stop, columns.stop))
    squared[own - rows.start, own - columns.start] = np.inf


def squared_distances(first, second, rows, columns):
    """Returns the squared distances of one tile, float64; equal examples give exactly 0."""
    left, right = first[rows].astype(np.float64), second[columns].astype(np.float64)
    if left.shape[1] <= _FEW_DIMENSIONS:
        return sum((a[:, None] - b) ** 2 for a, b in zip(left.T, right.T, strict=True))
    # Moving the origin keeps the distances and reduces rounding.
    origin = first[: len(left)].mean(axis=0, dtype=np.float64)
    left -= origin
    right -= origin
    norms = np.einsum("nd,nd->n", left, left)[:, None] + np.einsum("nd,nd->n", right, right)
    squared = left @ right.T
    squared *= -2.0
    squared += norms
    near = np.argwhere(squared < _CANCELLATION * norms)
    step = max(1, 2**22 // left.shape[1])
    for start in range(0, len(near), step):
        i, j = near[start : start + step].T
        difference = left[i] - right[j]
        squared[i, j] = np.einsum("nd,nd->n", difference, difference)
    return squared


def _fitting(tile, features):
    return min(tile, max(16, _SIDE_BYTES // (8 * features.shape[1])))


def _slices(count, tile):
    return [slice(start, min(start + tile, count)) for start in range(0, count, tile)]
