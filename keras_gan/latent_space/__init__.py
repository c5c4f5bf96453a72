"""Interpolation and arithmetic of latents, and the intrinsic dimension of examples.

All functions take and return numpy arrays. To turn latents into images, call `model(latents)` or
the served signature `png`.
"""

from keras_gan.latent_space.dimension import IntrinsicDimension, intrinsic_dimension
from keras_gan.latent_space.latents import arithmetic, interpolate, walk

__all__ = ["IntrinsicDimension", "arithmetic", "interpolate", "intrinsic_dimension", "walk"]
