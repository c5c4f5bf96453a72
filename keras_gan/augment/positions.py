"""Augmentations that move pixels. They gather by index, so derivatives of any order exist."""

import tensorflow as tf


def shift(images, down, right, reflect=False):
    """Moves images by whole pixels.

    Args:
        images: [N, height, width, C].
        down: Rows to move by, integers [N] below the height; negative moves up.
        right: Columns to move by, integers [N] below the width; negative moves left.
        reflect: Whether to fill up with the reflected image (mirrored at the centre of
            the outermost pixels) instead of zeros.
    """
    for axis, amount in ((1, down), (2, right)):
        images = _shift_axis(images, axis, amount, reflect)
    return images


def _shift_axis(images, axis, amount, reflect):
    last = images.shape[axis] - 1
    source = tf.range(last + 1) - amount[:, None]
    if reflect:
        source = last - tf.abs(last - tf.abs(source))
        return tf.gather(images, source, axis=axis, batch_dims=1)
    inside = tf.cast((source >= 0) & (source <= last), images.dtype)
    moved = tf.gather(images, tf.clip_by_value(source, 0, last), axis=axis, batch_dims=1)
    return moved * (inside[:, :, None, None] if axis == 1 else inside[:, None, :, None])


def mirror(images, mirrored):
    """Flips images from left to right where `mirrored`, booleans [N], is true."""
    return _where(mirrored, tf.reverse(images, [2]), images)


def rotate(images, quarters):
    """Rotates square images counterclockwise by `quarters` times 90 degrees, integers [N], 0-3."""
    images = _where(quarters % 2 == 1, tf.transpose(images, [0, 2, 1, 3]), images)
    for axis, turned in ((1, (quarters == 1) | (quarters == 2)), (2, quarters >= 2)):
        images = _where(turned, tf.reverse(images, [axis]), images)
    return images


def _where(condition, images, others):
    return tf.where(condition[:, None, None, None], images, others)
