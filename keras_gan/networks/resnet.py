"""The residual networks of SNGAN and SAGAN, for DCGAN's image sizes.

Miyato, Kataoka, Koyama, Yoshida: Spectral Normalization for Generative Adversarial
Networks, 2018, appendix B.4; Zhang et al. 2018 (SAGAN) add self-attention to them.
"""

import keras

from keras_gan.attention import SelfAttention
from keras_gan.batch_norm import BatchNormalization
from keras_gan.convolutions import Conv2D
from keras_gan.errors import UserError
from keras_gan.layers import ArgumentsAreConfig
from keras_gan.networks.dcgan import features, levels
from keras_gan.spectral_norm import SpectralConv2D, SpectralDense

_WEIGHTS = "glorot_uniform"


def _convolution(x, channels, kernel_size, spectral_norm, use_bias=True):
    kind = SpectralConv2D if spectral_norm else Conv2D
    return kind(
        channels,
        kernel_size,
        padding="same",
        use_bias=use_bias,
        kernel_initializer=_WEIGHTS,
    )(x)


def _dense(x, units, spectral_norm, use_bias=True):
    kind = SpectralDense if spectral_norm else keras.layers.Dense
    return kind(units, use_bias=use_bias, kernel_initializer=_WEIGHTS)(x)


def _normalised(x):
    return keras.layers.ReLU()(BatchNormalization(momentum=0.9, epsilon=1e-5)(x))


def _attention(x, spectral_norm, name, sides):
    """Applies self-attention if the features have `sides`, as (height, width)."""
    if tuple(x.shape[1:3]) != sides:
        return x
    return SelfAttention(spectral_norm, _WEIGHTS, name=f"{name}_attention")(x)


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


def up_block(x, channels, spectral_norm):
    """BN, ReLU, nearest doubling, 3x3, BN, ReLU, 3x3; beside it 1x1 and doubling.

    Biases would go into batch norms alone, which take them away.
    """
    doubled = keras.layers.UpSampling2D(2, interpolation="nearest")
    shortcut = doubled(_convolution(x, channels, 1, spectral_norm, use_bias=False))
    y = _convolution(doubled(_normalised(x)), channels, 3, spectral_norm, use_bias=False)
    y = _convolution(_normalised(y), channels, 3, spectral_norm, use_bias=False)
    return keras.layers.Add()([y, shortcut])


def down_block(x, channels, spectral_norm, *, first=False, halves=True):
    """ReLU, 3x3, ReLU, 3x3, mean of 2x2 pixels; beside it 1x1 and means.

    Args:
        x: Images or features.
        channels: Of the result.
        spectral_norm: Whether kernels are normalised.
        first: Whether x are images: without the first ReLU, and means before the 1x1.
        halves: Whether means are taken at all; without, x itself is beside it if its
            channels allow that.
    """
    mean = keras.layers.AveragePooling2D(2) if halves else lambda x: x
    y = x if first else keras.layers.ReLU()(x)
    y = _convolution(y, channels, 3, spectral_norm)
    y = mean(_convolution(keras.layers.ReLU()(y), channels, 3, spectral_norm))
    if first:
        shortcut = _convolution(mean(x), channels, 1, spectral_norm)
    elif halves or x.shape[-1] != channels:
        shortcut = mean(_convolution(x, channels, 1, spectral_norm))
    else:
        shortcut = x
    return keras.layers.Add()([y, shortcut])


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
        sides = attention_sides(image_shape, attention_level)
        n = levels(image_shape, "A residual network")
        height, breadth, channels = image_shape
        base = (height // 2**n, breadth // 2**n, features(n - 1, width))
        latents = keras.Input((latent_dim,), name="latents")
        x = _dense(latents, base[0] * base[1] * base[2], spectral_norm, use_bias=False)
        x = _attention(keras.layers.Reshape(base)(x), spectral_norm, "generator", sides)
        for level in reversed(range(n)):
            x = up_block(x, features(level, width), spectral_norm)
            x = _attention(x, spectral_norm, "generator", sides)
        x = _convolution(_normalised(x), channels, 3, spectral_norm)
        super().__init__(latents, keras.layers.Activation("tanh")(x), name="generator")


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
        sides = attention_sides(image_shape, attention_level)
        images = keras.Input(tuple(image_shape), name="images")
        x = images
        for level in range(levels(image_shape, "A residual network")):
            x = down_block(x, features(level, width), spectral_norm, first=level == 0)
            x = _attention(x, spectral_norm, "discriminator", sides)
        x = down_block(x, x.shape[-1], spectral_norm, halves=False)
        x = keras.layers.ReLU()(x)
        x = keras.ops.sum(x, axis=(1, 2))
        x = _dense(x, 1, spectral_norm)
        super().__init__(images, keras.layers.Reshape((), name="logits")(x), name="discriminator")
