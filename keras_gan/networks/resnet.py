"""The residual networks of SNGAN and SAGAN, for DCGAN's image sizes.

Miyato, Kataoka, Koyama, Yoshida: Spectral Normalization for Generative Adversarial
Networks, 2018, appendix B.4; Zhang et al. 2018 (SAGAN) add self-attention to them.
"""

import math

import keras

from keras_gan.errors import UserError
from keras_gan.layers.attention import SelfAttention
from keras_gan.layers.batch_norm import BatchNormalization
from keras_gan.layers.convolutions import Conv2D
from keras_gan.layers.core import ArgumentsAreConfig
from keras_gan.layers.spectral_norm import SpectralConv2D, SpectralDense
from keras_gan.networks.dcgan import features, levels


def attention_sides(image_shape, level):
    """Returns (height, width) of the features that are attended to, or `None`.

    Args:
        image_shape: (height, width, channels).
        level: How many times the image is halved before; 0 for no attention.

    Raises:
        UserError: If the networks for these images have no such level.
    """
    if not level:
        return None
    deepest = levels(image_shape, "A residual network")
    if not 0 < level <= deepest:
        raise UserError(
            f"attention_level must be from 0 (none) to {deepest} for images of "
            f"{image_shape[0]}x{image_shape[1]}. Received: {level}."
        )
    return (image_shape[0] // 2**level, image_shape[1] // 2**level)


def batch_norm(x):
    """Batch norm over the global batch."""
    return BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


class Blocks:
    """The layers and residual blocks of a network.

    Args:
        spectral_norm: Whether kernels are normalised.
        initializer: Of the kernels.
    """

    def __init__(self, spectral_norm=False, initializer="glorot_uniform"):
        self.spectral_norm, self.initializer = spectral_norm, initializer

    def convolution(self, x, channels, kernel_size, use_bias=True):
        """Applies a convolution that keeps the sides."""
        kind = SpectralConv2D if self.spectral_norm else Conv2D
        return kind(
            channels,
            kernel_size,
            padding="same",
            use_bias=use_bias,
            kernel_initializer=self.initializer,
        )(x)

    def dense(self, x, units, use_bias=True):
        """Applies a dense layer."""
        kind = SpectralDense if self.spectral_norm else keras.layers.Dense
        return kind(units, use_bias=use_bias, kernel_initializer=self.initializer)(x)

    def attention(self, x, name, sides):
        """Applies self-attention if the features have `sides`, as (height, width)."""
        if tuple(x.shape[1:3]) != sides:
            return x
        return SelfAttention(self.spectral_norm, self.initializer, name=f"{name}_attention")(x)

    def up(self, x, channels, normalised=batch_norm):
        """BN, ReLU, nearest doubling, 3x3, BN, ReLU, 3x3; beside it 1x1 and doubling.

        Biases would go into batch norms alone, which take them away.
        """
        doubled = keras.layers.UpSampling2D(2, interpolation="nearest")
        shortcut = doubled(self.convolution(x, channels, 1, use_bias=False))
        y = keras.layers.ReLU()(normalised(x))
        y = self.convolution(doubled(y), channels, 3, use_bias=False)
        y = keras.layers.ReLU()(normalised(y))
        return keras.layers.Add()([self.convolution(y, channels, 3, use_bias=False), shortcut])

    def down(self, x, channels, *, first=False, halves=True):
        """ReLU, 3x3, ReLU, 3x3, mean of 2x2 pixels; beside it 1x1 and means.

        Args:
            x: Images or features.
            channels: Of the result.
            first: Whether x are images: without the first ReLU, and means before the 1x1.
            halves: Whether means are taken at all; without, x itself is beside it if its
                channels allow that.
        """
        mean = keras.layers.AveragePooling2D(2) if halves else lambda x: x
        y = x if first else keras.layers.ReLU()(x)
        y = keras.layers.ReLU()(self.convolution(y, channels, 3))
        y = mean(self.convolution(y, channels, 3))
        if first:
            shortcut = self.convolution(mean(x), channels, 1)
        elif halves or x.shape[-1] != channels:
            shortcut = mean(self.convolution(x, channels, 1))
        else:
            shortcut = x
        return keras.layers.Add()([y, shortcut])


def image_from(latents, image_shape, blocks, *, width, attention_level, normalised=None):
    """Returns the image that residual blocks make of latents; see `Generator`.

    Args:
        latents: Tensor [N, D].
        image_shape: As of `Generator`.
        blocks: `Blocks`.
        width: As of `Generator`.
        attention_level: As of `Generator`.
        normalised: Function from the number of a block to what normalises in it. Default:
            batch norm.
    """
    sides = attention_sides(image_shape, attention_level)
    n = levels(image_shape, "A residual network")
    height, breadth, channels = image_shape
    base = (height // 2**n, breadth // 2**n, features(n - 1, width))
    x = keras.layers.Reshape(base)(blocks.dense(latents, math.prod(base), use_bias=False))
    x = blocks.attention(x, "generator", sides)
    for number, level in enumerate(reversed(range(n))):
        x = blocks.up(x, features(level, width), normalised(number) if normalised else batch_norm)
        x = blocks.attention(x, "generator", sides)
    x = blocks.convolution(keras.layers.ReLU()(batch_norm(x)), channels, 3)
    return keras.layers.Activation("tanh")(x)


def features_of(images, blocks, *, width, attention_level):
    """Returns what residual blocks make of images, summed over the pixels; see `Discriminator`."""
    image_shape = images.shape[1:]
    sides = attention_sides(image_shape, attention_level)
    x = images
    for level in range(levels(image_shape, "A residual network")):
        x = blocks.down(x, features(level, width), first=level == 0)
        x = blocks.attention(x, "discriminator", sides)
    x = blocks.down(x, x.shape[-1], halves=False)
    return keras.ops.sum(keras.layers.ReLU()(x), axis=(1, 2))


@keras.saving.register_keras_serializable(package="keras_gan.resnet")
class Generator(ArgumentsAreConfig, keras.Model):
    """Latents to an image: dense, a block a doubling, BN, ReLU, 3x3 and tanh.

    Table 4a is this for 32x32 with the same 256 channels in each block; here they double
    towards the base, as in tables 5 and 6.

    Args:
        image_shape: (height, width, channels) of the images; values in [-1, 1].
        latent_dim: Dimension of the latents.
        width: Channels of the last block; they double towards the base, up to 8 times.
        spectral_norm: Whether kernels are normalised.
        attention_level: Self-attention where the features have 2^-level of the image's
            sides; 0 for none.

    Call arguments:
        latents: Tensor [N, latent_dim].

    Returns:
        Tensor [N, *image_shape].
    """

    def __init__(self, image_shape, *, latent_dim, width, spectral_norm=False, attention_level=0):
        latents = keras.Input((latent_dim,), name="latents")
        image = image_from(
            latents,
            image_shape,
            Blocks(spectral_norm),
            width=width,
            attention_level=attention_level,
        )
        super().__init__(latents, image, name="generator")


@keras.saving.register_keras_serializable(package="keras_gan.resnet")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """An image to one logit: a block a halving, one more, ReLU, sum of pixels, dense.

    Table 4b is this for 32x32 with the same 128 channels in each block, two that halve and two
    that do not; here they double, and all blocks but the last halve.

    Args:
        image_shape: (height, width, channels) of the images.
        width: Channels of the first block; they double a level, up to 8 times.
        spectral_norm: As of `Generator`.
        attention_level: As of `Generator`.

    Call arguments:
        images: Tensor [N, *image_shape].

    Returns:
        Logits, tensor [N].
    """

    def __init__(self, image_shape, *, width, spectral_norm=False, attention_level=0):
        blocks = Blocks(spectral_norm)
        images = keras.Input(tuple(image_shape), name="images")
        x = features_of(images, blocks, width=width, attention_level=attention_level)
        logits = keras.layers.Reshape((), name="logits")(blocks.dense(x, 1))
        super().__init__(images, logits, name="discriminator")
