"""Augmentations that change the values of pixels.

The colours are the first three channels, or the only channel. A fourth channel is
opacity; changes of colour do not touch it.
"""

import tensorflow as tf

from keras_gan.errors import UserError


def check_images(images):
    """Raises `UserError` unless the shape is that of images that can be augmented."""
    if len(images.shape) != 4 or images.shape[-1] not in (1, 3, 4):
        raise UserError(
            "Augmentation needs images [N, height, width, channels] with 1, 3 or 4 channels. "
            f"Received: shape {tuple(images.shape)}. Train without augmentation."
        )


def brighten(images, amount):
    """Adds `amount` [N] to the colours."""
    return _on_colors(images, lambda x: x + _rows(amount, x))


def saturate(images, factor):
    """Multiplies each pixel's difference from its grey value by `factor` [N].

    The grey value is the mean of the colour channels. Images of one channel are
    grey already and do not change.
    """
    if images.shape[-1] == 1:
        return images
    return _on_colors(images, lambda x: _scaled(x, factor, axis=[3]))


def contrast(images, factor):
    """Multiplies the difference of colours from the image's mean by `factor` [N]."""
    return _on_colors(images, lambda x: _scaled(x, factor, axis=[1, 2, 3]))


def amplify(images, factor):
    """Multiplies the colours by `factor` [N]."""
    return _on_colors(images, lambda x: x * _rows(factor, x))


def cut_out(images, top, left, height, width):
    """Sets a rectangle of each image to 0, in all channels.

    Rectangles may reach over the edges of the image.

    Args:
        images: [N, height, width, C].
        top: First row of each rectangle, integers [N].
        left: First column of each rectangle, integers [N].
        height: Number of rows of every rectangle.
        width: Number of columns of every rectangle.
    """
    rows, columns = (
        (tf.range(size) >= first[:, None]) & (tf.range(size) < first[:, None] + length)
        for size, first, length in (
            (images.shape[1], top, height),
            (images.shape[2], left, width),
        )
    )
    cut = rows[:, :, None] & columns[:, None, :]
    return images * tf.cast(~cut, images.dtype)[..., None]


def _on_colors(images, change):
    if images.shape[-1] != 4:
        return change(images)
    return tf.concat([change(images[..., :3]), images[..., 3:]], axis=-1)


def _scaled(x, factor, axis):
    mean = tf.reduce_mean(x, axis=axis, keepdims=True)
    return x + (x - mean) * (_rows(factor, x) - 1.0)  # A factor of 1 returns x to the last bit.


def _rows(values, images):
    return tf.cast(values, images.dtype)[:, None, None, None]
