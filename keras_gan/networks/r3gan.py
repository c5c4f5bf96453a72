"""The residual networks of R3GAN (Huang et al. 2024), for the same resolutions as DCGAN.

They have no normalisation. Fixup initialisation (Zhang et al. 2019) replaces it: the last
convolution of each residual branch starts at zero, and the others are scaled down with the
number of blocks. So both networks start almost linear, with unit variance.
"""

import math

import keras
import tensorflow as tf

from keras_gan.layers.convolutions import Conv2D
from keras_gan.layers.core import ArgumentsAreConfig
from keras_gan.layers.resampling import LinearDownsampling2D, LinearUpsampling2D
from keras_gan.networks.dcgan import levels

SLOPE = 0.2
GAIN = math.sqrt(2.0 / (1.0 + SLOPE**2))  # Keeps the variance through a leaky ReLU.
EXPANSION = 2  # Channels inside a block, as a multiple of those outside.
_LAYERS = 3  # Convolutions in a block.


def fixup(blocks):
    """Returns Fixup's scale of a block's first two kernels.

    It is L^(-1 / (2m - 2)) for L blocks of m layers.
    """
    return blocks ** (-1.0 / (2 * _LAYERS - 2))


def weights(gain=1.0):
    """Returns the initializer N(0, gain^2 / inputs); a gain of 0 gives zeros."""
    if not gain:
        return keras.initializers.Zeros()
    return keras.initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal")


@keras.saving.register_keras_serializable(package="keras_gan.r3gan")
class BiasedActivation(keras.layers.Layer):
    """Adds a bias per channel, then applies leaky ReLU 0.2."""

    def build(self, input_shape):
        self.bias = self.add_weight(name="bias", shape=input_shape[-1:], initializer="zeros")

    def call(self, inputs):
        return tf.nn.leaky_relu(inputs + tf.cast(self.bias, inputs.dtype), SLOPE)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable(package="keras_gan.r3gan")
class Basis(keras.layers.Layer):
    """Multiplies the inputs [N, C] by learnt base images, one for each channel.

    Args:
        size: (height, width) of the base.
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def build(self, input_shape):
        self.basis = self.add_weight(
            name="basis",
            shape=(*self.size, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )

    def call(self, inputs):
        return inputs[:, None, None, :] * tf.cast(self.basis, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "size": self.size}


def convolution(x, channels, kernel_size=1, gain=1.0, groups=1):
    """Applies a convolution without bias that keeps height and width."""
    return Conv2D(
        channels, kernel_size, padding="same", use_bias=False, groups=groups,
        kernel_initializer=weights(gain),
    )(x)  # fmt: skip


def block(x, blocks, group_size):
    """Applies an inverted-bottleneck residual block.

    A 1x1 convolution doubles the channels, a grouped 3x3 follows, and a 1x1 returns to the first
    number of channels. x is added.
    """
    channels = x.shape[-1]
    wide, gain = EXPANSION * channels, GAIN * fixup(blocks)
    y = BiasedActivation()(convolution(x, wide, gain=gain))
    groups = wide // math.gcd(wide, group_size)
    y = BiasedActivation()(convolution(y, wide, 3, gain, groups))
    return keras.layers.Add()([x, convolution(y, channels, gain=0.0)])


def _widths(image_shape, width, growth, most):
    """Returns the channels of each stage, starting next to the image."""
    stages = range(levels(image_shape, "R3GAN") + 1)
    return [min(width * growth**stage, most) for stage in stages]


@keras.saving.register_keras_serializable(package="keras_gan.r3gan")
class Generator(ArgumentsAreConfig, keras.Model):
    """R3GAN's generator: latents scale a learnt base; stages of residual blocks double it.

    The images are unbounded.

    Args:
        image_shape: (height, width, channels) of the images.
        latent_dim: Dimension of the latents.
        width: Channels of the stage next to the image.
        growth: Factor of the channels from one stage to the next of half the resolution.
        max_width: Largest number of channels of a stage.
        blocks: Number of residual blocks per stage.
        group_size: Channels per group of the 3x3 convolutions.
        centred_resampling: See `layers.resampling`.

    Call arguments:
        latents: Tensor [N, latent_dim].

    Returns:
        Tensor [N, *image_shape].
    """

    def __init__(
        self,
        image_shape,
        *,
        latent_dim,
        width,
        growth,
        max_width,
        blocks,
        group_size,
        centred_resampling=True,
    ):
        widths = _widths(image_shape, width, growth, max_width)
        scale = 2 ** (len(widths) - 1)
        latents = keras.Input((latent_dim,), name="latents")
        x = keras.layers.Dense(widths[-1], use_bias=False, kernel_initializer=weights())(latents)
        x = Basis((image_shape[0] // scale, image_shape[1] // scale))(x)
        for stage, channels in enumerate(reversed(widths)):
            if stage:
                if channels != x.shape[-1]:
                    x = convolution(x, channels)
                x = LinearUpsampling2D(centred_resampling)(x)
            for _ in range(blocks):
                x = block(x, blocks * len(widths), group_size)
        super().__init__(latents, convolution(x, image_shape[2]), name="generator")


@keras.saving.register_keras_serializable(package="keras_gan.r3gan")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """R3GAN's discriminator: the generator's stages in reverse order, then one logit.

    Args:
        image_shape: (height, width, channels) of the images.
        width: See `Generator`.
        growth: See `Generator`.
        max_width: See `Generator`.
        blocks: See `Generator`.
        group_size: See `Generator`.
        centred_resampling: See `Generator`.

    Call arguments:
        images: Tensor [N, *image_shape].

    Returns:
        Logits, tensor [N].
    """

    def __init__(
        self,
        image_shape,
        *,
        width,
        growth,
        max_width,
        blocks,
        group_size,
        centred_resampling=True,
    ):
        widths = _widths(image_shape, width, growth, max_width)
        images = keras.Input(tuple(image_shape), name="images")
        x = convolution(images, widths[0])
        for stage, channels in enumerate(widths):
            if stage:
                x = LinearDownsampling2D(centred_resampling)(x)
                if channels != x.shape[-1]:
                    x = convolution(x, channels)
            for _ in range(blocks):
                x = block(x, blocks * len(widths), group_size)
        # Each kernel has a single input channel, but Keras' initializers would count all of them.
        deviation = 1.0 / math.sqrt(math.prod(x.shape[1:3]))
        x = keras.layers.DepthwiseConv2D(
            x.shape[1:3],
            use_bias=False,
            depthwise_initializer=keras.initializers.RandomNormal(stddev=deviation),
        )(x)
        x = keras.layers.Dense(1, use_bias=False, kernel_initializer=weights())(
            keras.layers.Flatten()(x)
        )
        super().__init__(images, keras.layers.Reshape((), name="logits")(x), name="discriminator")
