"""Linear upsampling and downsampling by 2, with correct derivatives of any order.

`tf.image.resize` and `UpSampling2D` interpolate too, but their second derivative, which
a gradient penalty needs, is silently wrong.
"""

import keras
import tensorflow as tf


class _Resampling2D(keras.layers.Layer):
    """A layer that resamples height and width by 2.

    Args:
        centred: Whether the picture stays where it is. Otherwise the filter [1, 2, 1] moves it
            by half a pixel of the higher resolution, which `R3GAN` offers for its old runs.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, centred=True, **kwargs):
        super().__init__(**kwargs)
        self.centred = centred

    def get_config(self):
        return {**super().get_config(), "centred": self.centred}


@keras.saving.register_keras_serializable(package="keras_gan")
class LinearUpsampling2D(_Resampling2D):
    """Doubles height and width by linear interpolation: the filter [1, 3, 3, 1] / 4 per axis.

    Output pixels 2i and 2i + 1 are three quarters of input pixel i and a quarter of its neighbor
    before or after it. Pixels outside the image count as zero. If not `centred`, output pixel 2i
    is input pixel i, and 2i + 1 is the mean of i and i + 1.
    """

    def call(self, inputs):
        for axis in (1, 2):
            previous, following = _moved(inputs, axis, 1), _moved(inputs, axis, -1)
            if self.centred:
                even, odd = (0.75 * inputs + 0.25 * x for x in (previous, following))
            else:
                even, odd = inputs, 0.5 * (inputs + following)
            inputs = _interleaved(even, odd, axis)
        return inputs

    def compute_output_shape(self, input_shape):
        count, height, width, channels = input_shape
        return (count, 2 * height, 2 * width, channels)


@keras.saving.register_keras_serializable(package="keras_gan")
class LinearDownsampling2D(_Resampling2D):
    """Halves height and width: the filter [1, 3, 3, 1] / 8 around each pair of pixels, per axis.

    Pixels outside the image count as zero. Height and width must be even. If not `centred`, the
    filter is [1, 2, 1] / 4 around each even pixel.
    """

    def call(self, inputs):
        for axis in (1, 2):
            even, odd = _halves(inputs, axis)
            previous, following = _moved(odd, axis, 1), _moved(even, axis, -1)
            if self.centred:
                inputs = 0.375 * (even + odd) + 0.125 * (previous + following)
            else:
                inputs = 0.5 * even + 0.25 * (odd + previous)
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
