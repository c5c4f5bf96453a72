"""Resizes images and converts their channels for a network."""

import tensorflow as tf


def shrunk_shape(height, width, side):
    """Returns (height, width) of images after `shrunk`."""
    longest = max(height, width, side)
    return tuple(max(1, round(length * side / longest)) for length in (height, width))


def shrunk(images, side):
    """Makes images smaller, bilinear with antialiasing, until the longer side is `side`.

    Args:
        images: Tensor or array [N, H, W, C].
        side: Pixels; images that are not larger stay as they are.

    Returns:
        float32 tensor.
    """
    height, width = images.shape[1:3]
    if max(height, width) <= side:
        return tf.cast(images, tf.float32)
    return tf.image.resize(images, shrunk_shape(height, width, side), antialias=True)


def rgb(images):
    """Brings images of 1, 3 or 4 channels in [-1, 1] to 3; transparent ones are laid over white."""
    channels = images.shape[-1]
    if channels == 1:
        return tf.repeat(images, 3, axis=-1)
    if channels == 3:
        return images
    share = (images[..., 3:] + 1.0) / 2.0
    return images[..., :3] * share + (1.0 - share)
