"""The networks of BEGAN: a decoder that is the generator, and an autoencoder (Berthelot 2017)."""

import math

import keras

from keras_gan.layers.core import ArgumentsAreConfig
from keras_gan.networks import dcgan


def _convolved(x, filters, count=2):
    for _ in range(count):
        x = keras.layers.Conv2D(filters, 3, padding="same", activation="elu")(x)
    return x


def _decoded(codes, image_shape, width):
    """Returns the image that a decoder makes of codes: `width` channels at every size."""
    levels = dcgan.levels(image_shape, "A network of BEGAN")
    base = (*(side // 2**levels for side in image_shape[:2]), width)
    x = keras.layers.Reshape(base)(keras.layers.Dense(math.prod(base))(codes))
    for _ in range(levels):
        x = keras.layers.UpSampling2D()(_convolved(x, width))
    x = _convolved(x, width)
    return keras.layers.Conv2D(image_shape[2], 3, padding="same")(x)


@keras.saving.register_keras_serializable(package="keras_gan.began")
class Decoder(ArgumentsAreConfig, keras.Model):
    """Latents to an image: convolutions with ELU, doubled by repeating pixels.

    Args:
        image_shape: (height, width, channels), of the sizes of `dcgan.levels`.
        latent_dim: Dimension of the latents.
        width: Channels of all hidden layers, the paper's n.

    Call arguments:
        latents: Tensor [N, latent_dim].

    Returns:
        Tensor [N, *image_shape], unbounded; images in [-1, 1] are learnt.
    """

    def __init__(self, image_shape, *, latent_dim, width):
        latents = keras.Input((latent_dim,), name="latents")
        super().__init__(latents, _decoded(latents, image_shape, width), name="generator")


@keras.saving.register_keras_serializable(package="keras_gan.began")
class Autoencoder(ArgumentsAreConfig, keras.Model):
    """An image to its reconstruction through a code; the discriminator.

    The channels of the encoder grow linearly, n, 2n, 3n, where the image is halved.

    Args:
        image_shape: (height, width, channels), of the sizes of `dcgan.levels`.
        code_dim: Dimension of the code, the paper's N_h.
        width: Channels of the first layers, the paper's n.

    Call arguments:
        images: Tensor [N, *image_shape].

    Returns:
        Tensor [N, *image_shape].
    """

    def __init__(self, image_shape, *, code_dim, width):
        images = keras.Input(tuple(image_shape), name="images")
        x = _convolved(images, width, 1)
        for level in range(1, dcgan.levels(image_shape, "A network of BEGAN") + 1):
            x = _convolved(x, level * width, 1)
            x = keras.layers.Conv2D((level + 1) * width, 3, 2, "same", activation="elu")(x)
        codes = keras.layers.Dense(code_dim)(keras.layers.Flatten()(x))
        super().__init__(images, _decoded(codes, image_shape, width), name="discriminator")
