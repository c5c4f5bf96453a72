"""The residual networks of SNGAN and SAGAN, for the same resolutions as DCGAN.

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
    """Returns (height, width) of the features that get self-attention, or `None`.

    Args:
        image_shape: (height, width, channels).
        level: Number of halvings of the image to these features; 0 for no attention.

    Raises:
        UserError: If the networks for these images do not have this level.
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
    """Applies batch norm over the global batch."""
    return BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


class Blocks:
    """Layers and residual blocks that share spectral norm and initializer.

    Args:
        spectral_norm: Whether to apply spectral norm to the kernels.
        initializer: Initializer of the kernels.
    """

    def __init__(self, spectral_norm=False, initializer="glorot_uniform"):
        self.spectral_norm, self.initializer = spectral_norm, initializer

    def convolution(self, x, channels, kernel_size, use_bias=True):
        """Applies a convolution that keeps height and width."""
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
        """Applies self-attention if the features' (height, width) equals `sides`."""
        if tuple(x.shape[1:3]) != sides:
            return x
        return SelfAttention(self.spectral_norm, self.initializer, name=f"{name}_attention")(x)

    def up(self, x, channels, normalised=batch_norm):
        """Applies a residual block that doubles height and width.

        Main path: batch norm, ReLU, nearest upsampling, 3x3 convolution, batch norm, ReLU, 3x3.
        Shortcut: 1x1 convolution, upsampling. The convolutions have no bias, since batch norm
        would cancel it.
        """
        doubled = keras.layers.UpSampling2D(2, interpolation="nearest")
        shortcut = doubled(self.convolution(x, channels, 1, use_bias=False))
        y = keras.layers.ReLU()(normalised(x))
        y = self.convolution(doubled(y), channels, 3, use_bias=False)
        y = keras.layers.ReLU()(normalised(y))
        return keras.layers.Add()([self.convolution(y, channels, 3, use_bias=False), shortcut])

    def down(self, x, channels, *, first=False, halves=True):
        """Applies a residual block that halves height and width.

        Main path: ReLU, 3x3 convolution, ReLU, 3x3, average pooling. Shortcut: 1x1 convolution,
        average pooling.

        Args:
            x: Images or features.
            channels: Channels of the result.
            first: Whether x are images. Then the first ReLU is left out, and the shortcut
                pools before its convolution.
            halves: Whether to pool. Without pooling the shortcut is x itself if it has
                `channels` channels.
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
    """Builds the layers from latents to an image; see `Generator`.

    Args:
        latents: Tensor [N, D].
        image_shape: See `Generator`.
        blocks: A `Blocks`.
        width: See `Generator`.
        attention_level: See `Generator`.
        normalised: Function from a block's number to the function that normalises in it.
            Default: batch norm.
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
    """Builds the layers from images to features, summed over pixels; see `Discriminator`."""
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
    """Residual generator: dense layer, one block per doubling, batch norm, ReLU, 3x3, tanh.

    Table 4a of the paper has 256 channels in every block, for 32x32. Here the channels double
    towards the base, as in tables 5 and 6.

    Args:
        image_shape: (height, width, channels) of the images; values in [-1, 1].
        latent_dim: Dimension of the latents.
        width: Channels of the last block. They double per block towards the base, up to 8 times
            `width`.
        spectral_norm: Whether to apply spectral norm to the kernels.
        attention_level: Where to apply self-attention: to the features with 2^-level times the
            resolution of the image. 0 for no attention.

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
    """Residual discriminator: one block per halving, one more, ReLU, sum over pixels, dense layer.

    Table 4b of the paper has 128 channels in every block, for 32x32; two blocks halve and two do
    not. Here the channels double, and all blocks except the last one halve.

    Args:
        image_shape: (height, width, channels) of the images.
        width: Channels of the first block. They double per block, up to 8 times `width`.
        spectral_norm: See `Generator`.
        attention_level: See `Generator`.

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
