"""Latents between and apart from others, and how many dimensions examples fill.

All functions take and return numpy arrays; latents have no unit. A generator turns latents into
images: `model(latents)`, or the served signature `png`.
"""

from keras_gan.latent_space.dimension import IntrinsicDimension, intrinsic_dimension
from keras_gan.latent_space.latents import arithmetic, interpolate, walk

__all__ = ["IntrinsicDimension", "arithmetic", "interpolate", "intrinsic_dimension", "walk"]
