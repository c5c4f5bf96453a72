"""Pictures of the latent space: walks between latents, and arithmetic with them.

The functions here take a `Function` from latents to images or vectors. What it takes beside the
latents, such as labels, stays the same along a walk: what the walk's first seed draws.
"""

import numpy as np

from keras_gan import latent_space
from keras_gan.drawing import pictures

_ROWS, _STEPS = 8, 8


def interpolation(function, seed=0):
    """Draws walks between pairs of latents: a row straight, then a row on the sphere.

    For a uniform prior, straight ones alone.
    """
    pairs = _others(2 * _ROWS, seed)
    ends = _latents(function, pairs).reshape(_ROWS, 2, -1)
    kinds = (False, True) if function.latents.prior == "normal" else (False,)
    steps = min(_STEPS, pictures.columns_that_fit(function.output.shape[1]))
    rows = [
        latent_space.interpolate(*pair, steps, spherical)
        for pair in ends[: _ROWS // len(kinds)]
        for spherical in kinds
    ]
    first = [pair for pair in pairs[::2][: _ROWS // len(kinds)] for _ in kinds]
    return pictures.grid(
        _samples(function, np.concatenate(rows), np.repeat(first, steps, 0)), steps
    )


def latent_walk(function, seed=0):
    """Draws a round trip through latents, read like text: each row leads to the next one's start.

    On the sphere for a normal prior.
    """
    pairs = _others(_ROWS, seed)
    points = _latents(function, pairs)
    steps = min(_STEPS, pictures.columns_that_fit(function.output.shape[1]))
    spherical = function.latents.prior == "normal"
    path = latent_space.walk(np.concatenate([points, points[:1]]), steps + 1, spherical)
    return pictures.grid(_samples(function, path[:-1], pairs[:1] * (len(path) - 1)), steps)


def seeds_walk(function, seeds, steps, **conditions):
    """Returns samples on the way from each seed to the next, on the sphere for a normal prior.

    Args:
        function: A `Function` from latents.
        seeds: At least two whole numbers.
        steps: Samples from one seed to the next, both included.
        **conditions: A value for all samples, such as `labels=3`, in place of what seeds draw.

    Returns:
        float32 array [(seeds - 1) * (steps - 1) + 1, *shape]. Each seed comes once.
    """
    pairs = _of_seeds(seeds)
    path = latent_space.walk(
        _latents(function, pairs), steps, spherical=function.latents.prior == "normal"
    )
    others = np.repeat(pairs[:-1], steps - 1, axis=0)
    return _samples(function, path, [*others, others[-1]], **conditions)


def rows_of_walk(samples, steps):
    """Returns the samples of `seeds_walk` in rows: each leads to the next one's first sample."""
    starts = range(0, len(samples) - 1, steps - 1)
    last = starts[-1]
    return [samples[i : i + steps - 1 if i < last else None] for i in starts]


def arithmetic(function, base, minus, plus):
    """Calculates with averaged latents; see `latent_space.arithmetic`.

    Args:
        function: A `Function` from latents.
        base: Seeds whose samples show the concept to start from.
        minus: Seeds of what to take away.
        plus: Seeds of what to add.

    Returns:
        (sample [1, *shape] of the result; rows of samples to show: of each
        concept its seeds' and last its mean's, then the result).
    """
    first = _of_seeds(base)[:1]
    numbers = np.arange(len(base) + len(minus) + len(plus))
    latents = _latents(function, _of_seeds([*base, *minus, *plus]))
    parts = np.split(numbers, [len(base), len(base) + len(minus)])
    calculated = latent_space.arithmetic(latents, *parts)[np.newaxis]
    result, rows = _samples(function, calculated, first), []
    for seeds in (base, minus, plus):
        latents = _latents(function, _of_seeds(seeds))
        latents = np.concatenate([latents, latents.mean(axis=0)[np.newaxis]])
        rows.append(_samples(function, latents, first * len(latents)))
    return result, [*rows, result]


def ragged(rows):
    """Lays rows of images of different lengths out, with white where there is none."""
    columns = max(map(len, rows))
    blank = [np.ones((columns - len(row), *row.shape[1:]), np.float32) for row in rows]
    return pictures.grid(
        np.concatenate([x for pair in zip(rows, blank, strict=True) for x in pair]), columns
    )


def _of_seeds(seeds):
    """Returns the pairs of seeds, those of `keras_gan.generate`."""
    return [(seed, 0) for seed in seeds]


def _others(count, seed):
    """Returns pairs that are not those of the grid of samples, (seed, 0)."""
    return [(seed, 1000 + i) for i in range(count)]


def _latents(function, pairs):
    return function.rows(pairs)[function.latents.name]


def _samples(function, latents, pairs, **given):
    """Returns samples for latents, under the conditions that are given or as many pairs draw."""
    rows = {name: np.repeat([value], len(pairs), axis=0) for name, value in given.items()}
    return function.sample(pairs, **{function.latents.name: latents}, **rows)
