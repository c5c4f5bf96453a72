"""Multilayer perceptrons for vectors, with leaky ReLUs and no normalisation.

Their initialisation suits small modes that are far apart. The biases of the first
layer are spread over the range of the inputs, so the kinks of its units lie
everywhere instead of all at the origin. The generator is one residual block: its
hidden layers only have to choose the mode, and a linear path around them takes the
latents, which give the mode its width.
"""

import keras

from keras_gan.layers.core import ArgumentsAreConfig
from keras_gan.networks.r3gan import GAIN, SLOPE, weights


def _hidden(x, units, spread):
    """Applies hidden layers; the first has biases from U(-spread, spread)."""
    for number, width in enumerate(units):
        bias = keras.initializers.RandomUniform(-spread, spread) if number == 0 else "zeros"
        x = keras.layers.Dense(width, kernel_initializer=weights(GAIN), bias_initializer=bias)(x)
        x = keras.layers.LeakyReLU(SLOPE)(x)
    return x


@keras.saving.register_keras_serializable(package="keras_gan.perceptrons")
class Generator(ArgumentsAreConfig, keras.Model):
    """Generator for vectors: a perceptron plus a linear map of the latents.

    Args:
        dimensions: Length of the vectors.
        latent_dim: Dimension of the latents.
        units: Widths of the hidden layers.
        scale: Typical size of the vectors' entries; the outputs are multiplied by it.

    Call arguments:
        latents: Tensor [N, latent_dim].

    Returns:
        Tensor [N, dimensions].
    """

    def __init__(self, dimensions, *, latent_dim, units, scale):
        latents = keras.Input((latent_dim,), name="latents")
        x = _hidden(latents, units, spread=1.0)
        x = keras.layers.Dense(dimensions, kernel_initializer=weights())(x)
        straight = keras.layers.Dense(
            dimensions, use_bias=False, kernel_initializer=weights(), name="straight"
        )
        x = keras.layers.Add()([x, straight(latents)])
        x = keras.layers.Rescaling(scale, name="images")(x)
        super().__init__(latents, x, name="generator")


@keras.saving.register_keras_serializable(package="keras_gan.perceptrons")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """Discriminator for vectors, with one logit as output.

    Args:
        dimensions: Length of the vectors.
        units: Widths of the hidden layers.
        scale: Typical size of the vectors' entries; first biases are spread over +-`scale`.

    Call arguments:
        images: Tensor [N, dimensions].

    Returns:
        Logits, tensor [N].
    """

    def __init__(self, dimensions, *, units, scale):
        images = keras.Input((dimensions,), name="images")
        x = _hidden(images, units, spread=scale)
        x = keras.layers.Dense(1, kernel_initializer=weights())(x)
        super().__init__(images, keras.layers.Reshape((), name="logits")(x), name="discriminator")
