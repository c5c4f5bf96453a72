"""What a discriminator's layers can be normalised by."""

import keras

from keras_gan.checks import check_choice
from keras_gan.layers.batch_norm import BatchNormalization
from keras_gan.layers.convolutions import Conv2D
from keras_gan.layers.spectral_norm import SpectralConv2D, SpectralDense

NORMALIZATIONS = ("batch", "layer", "spectral", "none")


class Normalization:
    """The layers of one way to normalise.

    Args:
        name: `"batch"`, over the global batch; `"layer"`, over all features of
            an example, with a scale and an offset for each channel (Ba et al.
            2016, as in the code of WGAN-GP); `"spectral"`, of the kernels
            (`spectral_norm`); or `"none"`.

    Attributes:
        convolution: Class of convolutions.
        dense: Class of dense layers.
        has_offset: Whether a bias before it would change nothing.
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
    """Batch norm over the global batch, with gamma from N(1, 0.02)."""
    return BatchNormalization(
        momentum=0.9,
        epsilon=1e-5,
        gamma_initializer=keras.initializers.RandomNormal(mean=1.0, stddev=0.02),
    )(x)


def layer_norm(x):
    """Layer norm over all features of an example: one group of all channels."""
    return keras.layers.GroupNormalization(groups=1, epsilon=1e-5)(x)
