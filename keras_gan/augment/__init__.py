"""Differentiable augmentations of images, for both kinds that the discriminator sees.

Everything is a function of images [N, height, width, C] in [-1, 1] and uniform
draws [N, k] in [0, 1): real and generated images get the same law by the same
function. Derivatives of first and second order are right, so that penalties
can be taken through them. Results can leave [-1, 1] where colours change, and
are not clipped: a clipped pixel would have no gradient.
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
