"""The datasets `ring` and `grid`: mixtures of Gaussians in the plane, to count covered modes.

Lin, Khetan, Fanti, Oh: PacGAN, 2018. The ring has 8 distinct modes. In another version that is
in use its first and last mode are the same, so it has 7.
"""

import numpy as np

from keras_gan.data.source import ArraySource
from keras_gan.errors import UserError

_POINTS = {"train": 100_000, "test": 10_000}


def centers(name):
    """Returns (centers float64 [modes, 2], standard deviation) of `ring` or `grid`."""
    if name == "ring":
        angles = 2.0 * np.pi * np.arange(8) / 8.0
        return np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.01
    side = np.arange(-4.0, 5.0, 2.0)
    return np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2), 0.05


def load(name, split, preparation):
    """Draws points of a mixture as a `Source`. Their labels are the numbers of their modes."""
    if split not in _POINTS:
        raise UserError(f"{name} has the splits {', '.join(_POINTS)}. Received: --split={split}.")
    if preparation.size or preparation.channels:
        raise UserError(f"{name} has points, not images: drop --image_size and --channels.")
    means, deviation = centers(name)
    random = np.random.default_rng(list(_POINTS).index(split))
    modes = random.integers(len(means), size=_POINTS[split])
    points = means[modes] + deviation * random.standard_normal((len(modes), 2))
    names = tuple(str(mode) for mode in range(len(means)))
    return ArraySource(name, points.astype(np.float32), modes, names)
