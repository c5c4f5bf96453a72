"""The convolutional networks of DCGAN (Radford, Metz, Chintala 2015), for many resolutions.

A network of n levels halves or doubles the image n times, between its resolution and
a base of 2 to 7 pixels per side. For 64x64 this gives the paper's networks: 4 levels
from a 4x4 base.
"""

import math

import keras

from keras_gan.errors import UserError
from keras_gan.layers.convolutions import Conv2DTranspose
from keras_gan.layers.core import ArgumentsAreConfig
from keras_gan.networks.normalization import Normalization, batch_norm

_BASES = range(2, 8)
_MAX_LEVELS = 10


def levels(image_shape, name="A network like DCGAN's"):
    """Returns the number of levels: how many times the network halves images of this shape.

    The base must have 2 to 7 pixels per side. If several numbers fit, the one whose
    base is closest to the paper's 4x4 is chosen.

    Args:
        image_shape: (height, width, channels).
        name: Name of the network, for error messages.

    Raises:
        UserError: If no number of levels fits both sides; the message names the
            nearest resolutions that do.
    """
    if len(image_shape) != 3:
        raise UserError(
            f"{name} makes images: expected the shape (height, width, channels). Received: "
            f"{tuple(image_shape)}. For vectors use --model=gan."
        )
    height, width = image_shape[:2]
    fitting = [
        n
        for n in range(1, _MAX_LEVELS)
        if all(side % 2**n == 0 and side // 2**n in _BASES for side in (height, width))
    ]
    if not fitting:
        raise UserError(
            f"{name} cannot make images of {height}x{width}: each side must be a number from 2 "
            "to 7, doubled the same number of times. Use one of the nearest sizes, "
            f"{' and '.join(_nearest_sizes(height, width))} (--image_size)."
        )
    return min(fitting, key=lambda n: abs(math.log2(height * width / 4**n / 16)))


def _nearest_sizes(height, width):
    """Returns the two possible sizes nearest to (height, width), as text, smaller one first."""
    possible = {
        (base_height * 2**n, base_width * 2**n)
        for n in range(1, _MAX_LEVELS)
        for base_height in _BASES
        for base_width in _BASES
    }
    if height == width:
        possible = {size for size in possible if size[0] == size[1]}
    nearest = sorted(
        possible, key=lambda s: (math.log(s[0] / height)) ** 2 + (math.log(s[1] / width)) ** 2
    )
    return [f"{h}x{w}" for h, w in sorted(nearest[:2])]


def features(level, width):
    """Returns the channels at a level; they double from `width` at level 0 to 8 times `width`.

    Level 0 is next to the image.
    """
    return width * min(2**level, 8)


def weights():
    """Returns the initializer of all kernels, N(0, 0.02)."""
    return keras.initializers.RandomNormal(stddev=0.02)


def image_from(latents, image_shape, *, width, kernel_size):
    """Builds the layers from latents to an image; see `Generator`."""
    n = levels(image_shape)
    height, breadth, channels = image_shape
    base = (height // 2**n, breadth // 2**n, features(n - 1, width))
    x = keras.layers.Dense(math.prod(base), use_bias=False, kernel_initializer=weights())(latents)
    x = keras.layers.Reshape(base)(x)
    for level in reversed(range(n)):
        x = keras.layers.ReLU()(batch_norm(x))
        x = Conv2DTranspose(
            features(level - 1, width) if level else channels,
            kernel_size,
            strides=2,
            padding="same",
            use_bias=not level,
            kernel_initializer=weights(),
        )(x)
    return keras.layers.Activation("tanh")(x)


def features_of(images, *, width, kernel_size, normalise, shift=None):
    """Builds the layers from images to flat features; see `Discriminator`.

    Args:
        images: Tensor [N, *image_shape].
        width: See `Discriminator`.
        kernel_size: See `Discriminator`.
        normalise: A `Normalization`.
        shift: Tensor [N, width] to add to the output of the first convolution, or `None`.
    """
    x = images
    for level in range(levels(images.shape[1:])):
        x = normalise.convolution(
            features(level, width),
            kernel_size,
            strides=2,
            padding="same",
            use_bias=not (level and normalise.has_offset),
            kernel_initializer=weights(),
        )(x)
        if shift is not None and not level:
            x = keras.layers.Add()([x, keras.layers.Reshape((1, 1, width))(shift)])
        x = keras.layers.LeakyReLU(0.2)(normalise(x) if level else x)
    return keras.layers.Flatten()(x)


@keras.saving.register_keras_serializable(package="keras_gan.dcgan")
class Generator(ArgumentsAreConfig, keras.Model):
    """DCGAN's generator: latents to an image by transposed convolutions.

    A dense layer projects the latents, which are reshaped to the base. Each level has
    one transposed convolution with stride 2. Batch norm and ReLU come before each of
    them; the last one has a bias and is followed by tanh.

    Args:
        image_shape: (height, width, channels) of the images; values in [-1, 1].
        latent_dim: Dimension of the latents.
        width: Channels of the last hidden layer. They double per level towards the
            base, up to 8 times `width`.
        kernel_size: Side of the convolution kernels.

    Call arguments:
        latents: Tensor [N, latent_dim].

    Returns:
        Tensor [N, *image_shape].
    """

    def __init__(self, image_shape, *, latent_dim, width, kernel_size):
        latents = keras.Input((latent_dim,), name="latents")
        image = image_from(latents, image_shape, width=width, kernel_size=kernel_size)
        super().__init__(latents, image, name="generator")


@keras.saving.register_keras_serializable(package="keras_gan.dcgan")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """DCGAN's discriminator: an image to one logit by strided convolutions.

    Each level has a convolution with stride 2, batch norm (or another normalisation;
    none at the first level) and LeakyReLU 0.2. A dense layer computes the logit.

    Args:
        image_shape: (height, width, channels) of the images.
        width: Channels of the first layer. They double per level, up to 8 times `width`.
        kernel_size: Side of the convolution kernels.
        normalization: See `normalization.Normalization`.

    Call arguments:
        images: Tensor [N, *image_shape].

    Returns:
        Logits, tensor [N].
    """

    def __init__(self, image_shape, *, width, kernel_size, normalization="batch"):
        normalise = Normalization(normalization)
        images = keras.Input(tuple(image_shape), name="images")
        x = features_of(images, width=width, kernel_size=kernel_size, normalise=normalise)
        x = normalise.dense(1, kernel_initializer=weights())(x)
        super().__init__(images, keras.layers.Reshape((), name="logits")(x), name="discriminator")
