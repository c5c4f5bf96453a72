"""Differentiable augmentations for the real and generated images that the discriminator sees.

Each augmentation is a function of images [N, height, width, C] in [-1, 1] and
uniform random numbers [N, k] in [0, 1). Real and generated images go through the
same function, so their augmentations have the same distribution. First and
second derivatives are exact, so gradient penalties work through them. Changes of
colour can leave [-1, 1]; results are not clipped, since a clipped pixel has no
gradient.
"""

from keras_gan.augment.adaptive import adapted_probability, adaptive_augment
from keras_gan.augment.differentiable import POLICIES, diff_augment, parse_policy

__all__ = [
    "POLICIES",
    "adapted_probability",
    "adaptive_augment",
    "diff_augment",
    "parse_policy",
]
