"""Walks between latents, and arithmetic with them."""

import numpy as np

from keras_gan.errors import UserError
from keras_gan.latent_space.arrays import finite, floating

_PARALLEL = 1e-6  # Of directions closer than this (as of opposite ones) one line holds both.


def interpolate(start, end, steps, spherical=False):
    """Walks from one latent to another.

    Draws of a normal prior in many dimensions all have about the same length, the square root
    of their number; the straight line between two passes through shorter ones, which the
    generator has hardly seen. The walk on the sphere turns the direction in equal steps and
    changes the length evenly (White: Sampling Generative Networks, 2016, for the direction). For
    a uniform prior the straight line is right.

    Args:
        start: Latent [latent_dim].
        end: Latent [latent_dim].
        steps: Number of latents returned, both ends included; at least 2.
        spherical: Whether to walk on the sphere.

    Returns:
        float array [steps, latent_dim] of the type of the ends; its first and last rows are
        `start` and `end` to the bit.

    Raises:
        UserError: For other shapes, values that are not finite, too few steps; on the sphere
            for a latent of length 0 and for opposite directions, between which every great
            circle is as short.
    """
    ends = [finite(name, x, 1) for name, x in (("start", start), ("end", end))]
    if ends[0].shape != ends[1].shape:
        raise UserError(
            "Expected two latents of the same length. Received: start of shape "
            f"{ends[0].shape}, end of shape {ends[1].shape}. Take both from one model."
        )
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 2:
        raise UserError(
            f"Expected at least 2 steps, the two ends. Received: {steps!r}. Give a whole number."
        )
    share = np.linspace(0.0, 1.0, steps)[:, np.newaxis]
    weights = _on_the_sphere(*ends, share) if spherical else (1.0 - share, share)
    path = weights[0] * ends[0] + weights[1] * ends[1]
    path[0], path[-1] = ends
    return path.astype(np.result_type(*(floating(x) for x in (start, end))))


def walk(points, steps, spherical=False):
    """Walks through several latents in turn.

    Args:
        points: Latents [points, latent_dim], at least 2. Repeat the first at the end for a
            round trip.
        steps: Number of latents from one point to the next, both included.
        spherical: As in `interpolate`.

    Returns:
        float array [(points - 1) * (steps - 1) + 1, latent_dim]: each point comes once.

    Raises:
        UserError: As `interpolate`.
    """
    points = finite("points", points, 2).astype(floating(points))
    if len(points) < 2:
        raise UserError(
            f"Expected at least 2 points. Received: {len(points)}. Give where to walk to."
        )
    legs = [
        interpolate(start, end, steps, spherical)[1:]
        for start, end in zip(points[:-1], points[1:], strict=True)
    ]
    return np.concatenate([points[:1], *legs])


def arithmetic(source, base, minus, plus):
    """Calculates with concepts: mean of `base` - mean of `minus` + mean of `plus`.

    Radford, Metz, Chintala 2015 (DCGAN), section 6.3.2: "smiling woman" - "neutral woman" +
    "neutral man". Results for single latents were unstable there; each concept is the mean of
    three whose samples show it. With three draws of N(0, I) for each, the result is about as
    long as a draw, since 1/3 + 1/3 + 1/3 = 1. Of a uniform prior it can leave the cube.

    Args:
        source: A model of the package, or latents [N, latent_dim].
        base: Seeds of the concept to start from, as of `keras_gan.generate --seeds`; for an
            array of latents, its rows. Whole numbers [count].
        minus: Seeds of what to take away.
        plus: Seeds of what to add.

    Returns:
        float array [latent_dim].

    Raises:
        UserError: For a concept without seeds, rows that are not there, values not finite.
    """
    means = []
    for name, numbers in (("base", base), ("minus", minus), ("plus", plus)):
        numbers = np.asarray(numbers)
        if numbers.ndim != 1 or not len(numbers) or not np.issubdtype(numbers.dtype, np.integer):
            raise UserError(
                f"Expected whole numbers for {name}, at least one. Received: {numbers.tolist()!r}. "
                "Give the seeds whose samples show the concept, such as [3, 14, 15]."
            )
        means.append(_seeded(source, numbers, name).mean(axis=0))
    return means[0] - means[1] + means[2]


def _on_the_sphere(start, end, share):
    """Returns the weights [steps, 1] of both ends on the walk that `interpolate` describes."""
    lengths = [np.linalg.norm(x) for x in (start, end)]
    if min(lengths) == 0.0:
        raise UserError(
            "Expected latents with a direction. Received: one of length 0. Use spherical=False."
        )
    first, last = start / lengths[0], end / lengths[1]
    # Exact for small angles too, where the cosine is not.
    angle = 2.0 * np.arctan2(np.linalg.norm(last - first), np.linalg.norm(last + first))
    if angle > np.pi - _PARALLEL:
        raise UserError(
            "Expected latents in other than opposite directions, between which no great circle "
            f"is shortest. Received: an angle of {np.degrees(angle):g} degrees. Use "
            "spherical=False, or walk through a third latent."
        )
    if angle < _PARALLEL:
        return 1.0 - share, share
    length = (1.0 - share) * lengths[0] + share * lengths[1]
    return tuple(
        length * np.sin(part * angle) / (own * np.sin(angle))
        for part, own in zip((1.0 - share, share), lengths, strict=True)
    )


def _seeded(source, numbers, name):
    """Returns the latents [count, latent_dim] of seeds of a model, or of rows of an array."""
    if hasattr(source, "seeded_latents"):
        return source.seeded_latents([(number, 0) for number in numbers])
    latents = finite("source", source, 2).astype(floating(source))
    if numbers.min() < 0 or numbers.max() >= len(latents):
        raise UserError(
            f"Expected rows 0 to {len(latents) - 1} of the latents for {name}. Received: "
            f"{numbers.tolist()}. Give rows that are there, or a model to take seeds from."
        )
    return latents[numbers]
