"""The sliced Wasserstein distance between image patches, for each level of a pyramid."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from keras_gan.errors import UserError
from keras_gan.metrics.inputs import check_count, check_images

_FILTER = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
_SMALLEST = 16  # Side of the coarsest level, as published.
# A channel whose standard deviation is below this share of the largest pixel counts as constant.
_CONSTANT = 1e-6
_IMAGES = 64  # Images filtered at a time.
_PROJECTIONS = 2**24  # Projected values in memory at a time.


class SlicedWasserstein(NamedTuple):
    """Mean over levels, and the values by the level's (height, width), finest level first."""

    mean: float
    levels: dict


def sliced_wasserstein(real_images, fake_images, patches=128, patch_size=7, directions=512, seed=0):
    """Computes the sliced Wasserstein distance between patches of two sets of images.

    Karras et al. 2018, section 5. Images become Laplacian pyramids, whose last level
    is the low-pass image. On each level the patches of a set are normalised per
    channel to mean 0 and standard deviation 1. They are projected onto random
    directions and sorted. The mean absolute difference between the two sets,
    times 1000, is the distance of the level. Halving stops before the smaller side
    would fall below 16 pixels; images smaller than 31 pixels have a single level, the
    images themselves. A channel that is constant on a level is set to 0.

    Both sets are cut at the same random positions (the published code draws them
    separately), so the distance of a set to itself is 0. The distance of two sets from
    the same distribution is above 0 and falls with the number of images, 16,384 in the
    paper. One level at a time needs 4 bytes * patches * patch_size^2 * channels of
    memory for each image of both sets: 2.5 GB for 2 * 16,384 RGB images.

    Args:
        real_images: [N, H, W, C] in any range; H and W at least `patch_size`.
        fake_images: [N, H, W, C], of the same shape and range.
        patches: Number of patches per image and level.
        patch_size: Side of a patch in pixels.
        directions: Number of random directions; the published code has 4 * 128.
        seed: Seed for positions and directions.

    Returns:
        A `SlicedWasserstein` with values of 0 or above. It is symmetric.

    Raises:
        UserError: If the images are not finite [N, H, W, C], differ in shape, or are
            smaller than a patch.
    """
    for name, value in dict(patches=patches, patch_size=patch_size, directions=directions).items():
        check_count(name, value)
    real, fake = check_images("real_images", real_images), check_images("fake_images", fake_images)
    if real.shape != fake.shape:
        raise UserError(
            "real_images and fake_images must have the same shape. Received: "
            f"{real.shape} and {fake.shape}. Take equally many of each, of one size."
        )
    if min(real.shape[1:3]) < patch_size:
        raise UserError(
            f"Images must be at least {patch_size} pixels high and wide, the size of a patch. "
            f"Received: {real.shape[1]}x{real.shape[2]}. Give a smaller patch_size."
        )
    largest = max(abs(float(edge)) for x in (real, fake) for edge in (x.min(), x.max()))
    values = {}
    sizes = level_sizes(*real.shape[1:3], patch_size)
    for level, size in enumerate(sizes):
        last = level == len(sizes) - 1
        random = np.random.default_rng([seed, level])
        places = [
            random.integers(side - patch_size + 1, size=(len(real), patches)) for side in size
        ]
        draws = random.standard_normal((directions, real.shape[3] * patch_size**2))
        draws /= np.linalg.norm(draws, axis=1, keepdims=True)
        sets = [
            descriptors(images, level, last, places, patch_size, largest) for images in (real, fake)
        ]
        values[size] = 1000.0 * _mean_distance(*sets, draws.astype(np.float32))
    return SlicedWasserstein(float(np.mean(list(values.values()))), values)


def level_sizes(height, width, patch_size=7):
    """Returns the (height, width) of each level, finest first."""
    sizes = [(height, width)]
    while min((height + 1) // 2, (width + 1) // 2) >= max(_SMALLEST, patch_size):
        height, width = (height + 1) // 2, (width + 1) // 2
        sizes.append((height, width))
    return sizes


def laplacian_level(images, level, last):
    """Returns one level of the Laplacian pyramids of float64 images [N, H, W, C]."""
    for _ in range(level):
        images = _smooth(images)[:, ::2, ::2]
    if last:
        return images
    coarse = np.zeros_like(images)
    coarse[:, ::2, ::2] = _smooth(images)[:, ::2, ::2]
    return images - 4.0 * _smooth(coarse)


def descriptors(images, level, last, places, patch_size, largest):
    """Returns the normalised patches of one level, [N * patches, C * size^2] float32."""
    count, patches = places[0].shape
    cut = np.empty((count, patches, images.shape[3], patch_size**2), np.float32)
    for start in range(0, count, _IMAGES):
        rows = slice(start, start + _IMAGES)
        block = laplacian_level(images[rows].astype(np.float64), level, last)
        windows = np.lib.stride_tricks.sliding_window_view(block, (patch_size,) * 2, axis=(1, 2))
        tops, lefts = places[0][rows], places[1][rows]
        found = windows[np.arange(len(block))[:, None], tops, lefts]
        cut[rows] = found.reshape(*tops.shape, images.shape[3], patch_size**2)
    cut = cut.reshape(count * patches, images.shape[3], -1)
    for channel in range(cut.shape[1]):
        values = cut[:, channel]
        values -= values.mean(dtype=np.float64).astype(np.float32)
        # einsum sums in float64 without a float64 copy.
        deviation = np.sqrt(np.einsum("np,np->", values, values, dtype=float) / values.size)
        values /= np.float32(deviation) if deviation > _CONSTANT * largest else np.float32(np.inf)
    return cut.reshape(len(cut), -1)


def _smooth(images):
    for axis in (1, 2):
        images = ndimage.correlate1d(images, _FILTER, axis=axis, mode="mirror")
    return images


def _mean_distance(first, second, directions):
    """Returns the mean absolute difference of sorted projections, over points and directions."""
    total = 0.0
    step = max(1, _PROJECTIONS // len(first))
    for start in range(0, len(directions), step):
        block = directions[start : start + step]
        projections = [np.sort(block @ patches.T, axis=1) for patches in (first, second)]
        total += np.abs(projections[0] - projections[1]).sum(dtype=np.float64)
    return float(total / (len(directions) * len(first)))
