"""Augmentations that change the values of pixels.

Colours are the first three channels, or the only one; a fourth is opacity and
is left alone.
"""

import tensorflow as tf

from keras_gan.errors import UserError


def check_images(images):
    """Raises `UserError` unless these are images that can be augmented."""
    if len(images.shape) != 4 or images.shape[-1] not in (1, 3, 4):
        raise UserError(
            "Augmentation is for images [N, height, width, channels] with 1, 3 or 4 channels. "
            f"Received: shape {tuple(images.shape)}."
        )


def brighten(images, amount):
    """Adds `amount` [N] to the colours."""
    return _on_colors(images, lambda x: x + _rows(amount, x))


def saturate(images, factor):
    """Scales the difference of colours to their grey, the mean of the channels, by `factor` [N].

    Images of one channel are grey, and stay as they are.
    """
    if images.shape[-1] == 1:
        return images
    return _on_colors(images, lambda x: _scaled(x, factor, axis=[3]))


def contrast(images, factor):
    """Scales the difference of colours to the image's mean by `factor` [N]."""
    return _on_colors(images, lambda x: _scaled(x, factor, axis=[1, 2, 3]))


def amplify(images, factor):
    """Scales the colours by `factor` [N]."""
    return _on_colors(images, lambda x: x * _rows(factor, x))


def cut_out(images, top, left, height, width):
    """Sets a rectangle to 0, all channels of it; what lies outside of the image is lost.

    Args:
        images: [N, height, width, C].
        top: First row of each rectangle, integers [N].
        left: First column of each, [N].
        height: Rows of a rectangle, a number.
        width: Columns of a rectangle, a number.
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
    return x + (x - mean) * (_rows(factor, x) - 1.0)  # As it is, to the last bit, for 1.


def _rows(values, images):
    return tf.cast(values, images.dtype)[:, None, None, None]
