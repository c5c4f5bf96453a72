"""Linear upsampling and downsampling by 2, with correct derivatives of any order.

`tf.image.resize` and `UpSampling2D` interpolate too, but their second derivative, which
a gradient penalty needs, is silently wrong.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="keras_gan")
class LinearUpsampling2D(keras.layers.Layer):
    """Doubles height and width by linear interpolation: the filter [1, 2, 1] / 2 on each axis.

    Output pixel 2i is input pixel i. Output pixel 2i + 1 is the mean of input pixels i and
    i + 1. Pixels outside the image count as zero.
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
    """Halves height and width: the filter [1, 2, 1] / 4 around each even pixel, on each axis.

    Pixels outside the image count as zero. Height and width must be even.
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
    """Returns x moved along an axis by one pixel, `by` being 1 or -1, filled up with zeros."""
    paddings = [[0, 0]] * 4
    paddings[axis] = [1, 0] if by > 0 else [0, 1]
    size = x.shape[axis]
    window = [slice(None)] * 4
    window[axis] = slice(0, size) if by > 0 else slice(1, size + 1)
    return tf.pad(x, paddings)[tuple(window)]


def _interleaved(even, odd, axis):
    """Interleaves the pixels of `even` and `odd` along an axis."""
    shape = [-1, *even.shape[1:]]
    shape[axis] *= 2
    return tf.reshape(tf.stack([even, odd], axis=axis + 1), shape)


def _halves(x, axis):
    """Returns the even and the odd pixels along an axis."""
    shape = [-1, *x.shape[1:]]
    shape[axis : axis + 1] = [shape[axis] // 2, 2]
    return tf.unstack(tf.reshape(x, shape), axis=axis + 1)
