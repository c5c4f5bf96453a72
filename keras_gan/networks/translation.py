"""Networks from images to images: the residual generator and the patch discriminator.

As in the code of CycleGAN (Zhu, Park, Isola, Efros 2017) and its PyTorch port; both take
images of any size.
"""

import keras

from keras_gan.checks import check_arguments
from keras_gan.errors import UserError
from keras_gan.layers.core import ArgumentsAreConfig
from keras_gan.layers.padding import CropLike, PadToMultiple, ReflectPadding

_HALVINGS = 2


def _convolution(filters, size, strides=1, padding="same", layer=keras.layers.Conv2D):
    initializer = keras.initializers.RandomNormal(stddev=0.02)
    return layer(filters, size, strides, padding, kernel_initializer=initializer)


def _normalised(x):
    """Instance norm, of float32 statistics: a group norm with a group for each channel."""
    return keras.layers.GroupNormalization(groups=-1, epsilon=1e-5)(x)


def _block(x):
    """A residual block, without an activation after the sum."""
    y = _convolution(x.shape[-1], 3, padding="valid")(ReflectPadding(1)(x))
    y = keras.layers.ReLU()(_normalised(y))
    y = _convolution(x.shape[-1], 3, padding="valid")(ReflectPadding(1)(y))
    return keras.layers.Add()([x, _normalised(y)])


@keras.saving.register_keras_serializable(package="keras_gan.translation")
class Generator(ArgumentsAreConfig, keras.Model):
    """An image through two halvings, residual blocks and two doublings to another image.

    A side that is no multiple of 4 is padded by reflection, and the result is cropped.

    Args:
        channels: Channels of the input.
        output_channels: Channels of the output.
        width: Channels at full size; they double with each halving.
        blocks: Residual blocks; the paper has 6 for 128x128 and 9 for 256x256.

    Call arguments:
        images: Tensor [N, H, W, channels] in [-1, 1]; sides of at least 8 pixels.

    Returns:
        Tensor [N, H, W, output_channels] in [-1, 1].
    """

    def __init__(self, channels, output_channels, *, width=64, blocks=9, name="generator"):
        check_arguments(width=width, blocks=blocks)
        images = keras.Input((None, None, channels), name="images")
        x = ReflectPadding(3)(PadToMultiple(2**_HALVINGS)(images))
        x = keras.layers.ReLU()(_normalised(_convolution(width, 7, padding="valid")(x)))
        for level in range(1, _HALVINGS + 1):
            x = keras.layers.ReLU()(_normalised(_convolution(width * 2**level, 3, 2)(x)))
        for _ in range(blocks):
            x = _block(x)
        for level in reversed(range(_HALVINGS)):
            up = _convolution(width * 2**level, 3, 2, layer=keras.layers.Conv2DTranspose)
            x = keras.layers.ReLU()(_normalised(up(x)))
        x = _convolution(output_channels, 7, padding="valid")(ReflectPadding(3)(x))
        x = keras.layers.Activation("tanh")(CropLike()(x, images))
        super().__init__(images, x, name=name)


@keras.saving.register_keras_serializable(package="keras_gan.translation")
class PatchDiscriminator(ArgumentsAreConfig, keras.Model):
    """Convolutions to a map of logits, each of which judges a patch of the image (Isola 2017).

    Args:
        image_shape: (height, width, channels), of the smallest images that it will see.
        width: Channels after the first convolution; they double up to 8 times.
        layers: Convolutions of stride 2. A logit sees 16 pixels with 1, 34 with 2, 70 with 3.

    Call arguments:
        images: Tensor [N, H, W, channels].

    Returns:
        Logits [N, h, w].

    Raises:
        UserError: For images that are too small.
    """

    def __init__(self, image_shape, *, width=64, layers=3, name="discriminator"):
        check_arguments(width=width, layers=layers)
        *sides, channels = image_shape
        if min(sides) < 3 * 2**layers:  # Instance norm of a single pixel is 0.
            raise UserError(
                f"A patch discriminator of {layers} layers needs images of at least "
                f"{3 * 2**layers} pixels a side. Received: {sides[0]}x{sides[1]}. Give a larger "
                "--image_size, or fewer layers by --model_arg=patch_layers."
            )
        images = keras.Input((None, None, channels), name="images")
        x = keras.layers.LeakyReLU(0.2)(_convolution(width, 4, 2)(images))
        for level in range(1, layers):
            x = _normalised(_convolution(width * 2 ** min(level, 3), 4, 2)(x))
            x = keras.layers.LeakyReLU(0.2)(x)
        x = _convolution(width * 2 ** min(layers, 3), 4, padding="valid")(_zeros_around(x))
        x = keras.layers.LeakyReLU(0.2)(_normalised(x))
        x = _convolution(1, 4, padding="valid")(_zeros_around(x))
        super().__init__(images, keras.ops.squeeze(x, axis=-1), name=name)


def _zeros_around(x):
    return keras.layers.ZeroPadding2D(1)(x)
