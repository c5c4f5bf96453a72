"""Interpolation between latents, and arithmetic with them."""

import numpy as np

from keras_gan.errors import UserError
from keras_gan.latent_space.arrays import finite, floating

_PARALLEL = 1e-6  # Below this angle, in radians, two directions count as parallel.


def interpolate(start, end, steps, spherical=False):
    """Interpolates between two latents, along a straight line or on the sphere (slerp).

    Samples of a normal prior all have about the same length, the square root of the number of
    dimensions. A straight line between two of them passes through shorter latents, which the
    generator has hardly seen in training. Spherical interpolation turns the direction in equal
    steps (White: Sampling Generative Networks, 2016) and changes the length linearly. Use the
    straight line for a uniform prior.

    Args:
        start: Latent [latent_dim].
        end: Latent [latent_dim].
        steps: Number of latents returned, both ends included; at least 2.
        spherical: Whether to interpolate on the sphere.

    Returns:
        float array [steps, latent_dim] with the dtype of the ends. Its first and last rows equal
        `start` and `end` exactly.

    Raises:
        UserError: If the shapes differ, values are not finite or steps are too few. On the sphere
            also if a latent has length 0, or the directions are opposite: then no great circle
            between them is the shortest.
    """
    ends = [finite(name, x, 1) for name, x in (("start", start), ("end", end))]
    if ends[0].shape != ends[1].shape:
        raise UserError(
            "Expected two latents of the same size. Received: start of shape "
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
    """Interpolates through several latents, one after the other.

    Args:
        points: Latents [points, latent_dim], at least 2. Repeat the first at the end for a
            loop.
        steps: Number of latents from one point to the next, both included.
        spherical: See `interpolate`.

    Returns:
        float array [(points - 1) * (steps - 1) + 1, latent_dim]. Each point appears once.

    Raises:
        UserError: As for `interpolate`.
    """
    points = finite("points", points, 2).astype(floating(points))
    if len(points) < 2:
        raise UserError(
            f"Expected at least 2 points. Received: {len(points)}. Add a point to walk to."
        )
    legs = [
        interpolate(start, end, steps, spherical)[1:]
        for start, end in zip(points[:-1], points[1:], strict=True)
    ]
    return np.concatenate([points[:1], *legs])


def arithmetic(source, base, minus, plus):
    """Returns mean of `base` - mean of `minus` + mean of `plus`: vector arithmetic with latents.

    Radford, Metz, Chintala 2015 (DCGAN), section 6.3.2: "smiling woman" - "neutral woman" +
    "neutral man". Single latents gave unstable results there, so each concept is the mean of three
    latents whose samples show it. With three draws from N(0, I) for each concept, the result is
    about as long as a draw, since 1/3 + 1/3 + 1/3 = 1. With a uniform prior the result can leave
    the prior's range.

    Args:
        source: A model of the package, or latents [N, latent_dim].
        base: Seeds whose samples show the concept to start from, whole numbers [count], as in
            `keras_gan.generate --seeds`. If `source` is an array, its row numbers.
        minus: Seeds of the concept to subtract.
        plus: Seeds of the concept to add.

    Returns:
        float array [latent_dim].

    Raises:
        UserError: If a concept has no seeds, a row does not exist, or values are not finite.
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
    """Returns the weights [steps, 1] of both ends for spherical interpolation."""
    lengths = [np.linalg.norm(x) for x in (start, end)]
    if min(lengths) == 0.0:
        raise UserError(
            "Expected latents with a direction. Received: one of length 0. Use spherical=False."
        )
    first, last = start / lengths[0], end / lengths[1]
    # Exact for small angles too, unlike the arc cosine.
    angle = 2.0 * np.arctan2(np.linalg.norm(last - first), np.linalg.norm(last + first))
    if angle > np.pi - _PARALLEL:
        raise UserError(
            "The directions of both latents must not be opposite, since no great circle between "
            f"them is the shortest. Received: an angle of {np.degrees(angle):g} degrees. Use "
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
    """Returns the latents [count, latent_dim] of a model's seeds, or rows of an array."""
    if hasattr(source, "seeded_latents"):
        return source.seeded_latents([(number, 0) for number in numbers])
    latents = finite("source", source, 2).astype(floating(source))
    if numbers.min() < 0 or numbers.max() >= len(latents):
        raise UserError(
            f"Expected rows 0 to {len(latents) - 1} of the latents for {name}. Received: "
            f"{numbers.tolist()}. Give rows that exist, or give a model to use seeds."
        )
    return latents[numbers]
