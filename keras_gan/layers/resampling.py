"""Doubling and halving of images by linear interpolation, with right derivatives of any order.

`tf.image.resize` and `UpSampling2D` interpolate too, but their second derivative, which
a gradient penalty takes, is silently wrong.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="keras_gan")
class LinearUpsampling2D(keras.layers.Layer):
    """Twice as many rows and columns: zeros between, then [1, 2, 1] / 2 on each axis.

    Pixel 2i is pixel i, and pixel 2i + 1 the mean of i and i + 1; beyond the edge are
    zeros.
    """

    def call(self, inputs):
        for axis in (1, 2):
            following = _moved(inputs, axis, -1)
            inputs = _interleaved(inputs, 0.5 * (inputs + following), axis)
        return inputs

    def compute_output_shape(self, input_shape):
        count, height, width, channels = input_shape
        return (count, 2 * height, 2 * width, channels)


@keras.saving.register_keras_serializable(package="keras_gan")
class LinearDownsampling2D(keras.layers.Layer):
    """Half of the rows and columns: [1, 2, 1] / 4 around each even pixel, on each axis.

    Beyond the edge are zeros. The sides must be even.
    """

    def call(self, inputs):
        for axis in (1, 2):
            even, odd = _halves(inputs, axis)
            inputs = 0.5 * even + 0.25 * (odd + _moved(odd, axis, 1))
        return inputs

    def compute_output_shape(self, input_shape):
        count, height, width, channels = input_shape
        return (count, height // 2, width // 2, channels)


def _moved(x, axis, by):
    """Returns x moved by one pixel, 1 or -1, along an axis; a zero comes in."""
    paddings = [[0, 0]] * 4
    paddings[axis] = [1, 0] if by > 0 else [0, 1]
    size = x.shape[axis]
    window = [slice(None)] * 4
    window[axis] = slice(0, size) if by > 0 else slice(1, size + 1)
    return tf.pad(x, paddings)[tuple(window)]


def _interleaved(even, odd, axis):
    """Returns the pixels of `even` and `odd` in turn along an axis."""
    shape = [-1, *even.shape[1:]]
    shape[axis] *= 2
    return tf.reshape(tf.stack([even, odd], axis=axis + 1), shape)


def _halves(x, axis):
    """Returns the even and the odd pixels along an axis."""
    shape = [-1, *x.shape[1:]]
    shape[axis : axis + 1] = [shape[axis] // 2, 2]
    return tf.unstack(tf.reshape(x, shape), axis=axis + 1)
