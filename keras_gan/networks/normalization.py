"""Normalisation of a discriminator: batch norm, layer norm, spectral norm or none."""

import keras

from keras_gan.checks import check_choice
from keras_gan.layers.batch_norm import BatchNormalization
from keras_gan.layers.convolutions import Conv2D
from keras_gan.layers.spectral_norm import SpectralConv2D, SpectralDense

NORMALIZATIONS = ("batch", "layer", "spectral", "none")


class Normalization:
    """The layer classes of a normalisation; call it to apply the normalisation to features.

    Args:
        name: `"batch"`: batch norm over the global batch. `"layer"`: layer norm over
            all features of an example, with a scale and an offset per channel (Ba et
            al. 2016, as in the code of WGAN-GP). `"spectral"`: spectral norm of the
            kernels, see `spectral_norm`. `"none"`: no normalisation.

    Attributes:
        convolution: Class for convolutions.
        dense: Class for dense layers.
        has_offset: Whether the normalisation cancels a bias of the layer before it.
    """

    def __init__(self, name):
        check_choice("normalization", name, NORMALIZATIONS)
        spectral = name == "spectral"
        self.convolution = SpectralConv2D if spectral else Conv2D
        self.dense = SpectralDense if spectral else keras.layers.Dense
        self.has_offset = name == "batch"
        self._function = {"batch": batch_norm, "layer": layer_norm}.get(name, lambda x: x)

    def __call__(self, x):
        return self._function(x)


def batch_norm(x):
    """Applies batch norm over the global batch, with gamma initialised from N(1, 0.02)."""
    return BatchNormalization(
        momentum=0.9,
        epsilon=1e-5,
        gamma_initializer=keras.initializers.RandomNormal(mean=1.0, stddev=0.02),
    )(x)


def layer_norm(x):
    """Applies layer norm over all features of an example: group norm with a single group."""
    return keras.layers.GroupNormalization(groups=1, epsilon=1e-5)(x)
