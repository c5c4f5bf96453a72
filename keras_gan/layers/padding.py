"""Padding by reflection, and to sizes that a network can halve."""

import keras
import tensorflow as tf

from keras_gan.layers.core import ArgumentsAreConfig


@keras.saving.register_keras_serializable(package="keras_gan")
class ReflectPadding(ArgumentsAreConfig, keras.layers.Layer):
    """Pads images by mirroring them at their edges, without repeating the edge.

    Args:
        size: Pixels on each side, fewer than the image has.

    Call arguments:
        inputs: Tensor [N, H, W, C].

    Returns:
        Tensor [N, H + 2 size, W + 2 size, C].
    """

    def __init__(self, size):
        super().__init__()
        self.size = size

    def call(self, inputs):
        return tf.pad(inputs, [[0, 0], [self.size] * 2, [self.size] * 2, [0, 0]], "REFLECT")

    def compute_output_shape(self, input_shape):
        count, *sides, channels = input_shape
        return (count, *(None if s is None else s + 2 * self.size for s in sides), channels)


@keras.saving.register_keras_serializable(package="keras_gan")
class PadToMultiple(ArgumentsAreConfig, keras.layers.Layer):
    """Pads images of any size by reflection, below and to the right, to a multiple.

    Args:
        multiple: What both sides become a multiple of. An image needs to be larger than what
            is added to it, at most `multiple - 1` pixels.

    Call arguments:
        inputs: Tensor [N, H, W, C].

    Returns:
        Tensor [N, H', W', C].
    """

    def __init__(self, multiple):
        super().__init__()
        self.multiple = multiple

    def call(self, inputs):
        sides = inputs.shape[1:3]
        if None not in sides and not any(side % self.multiple for side in sides):
            return inputs
        sides = tf.shape(inputs)[1:3]
        below, right = tf.unstack((self.multiple - sides % self.multiple) % self.multiple)
        # `tf.pad` by numbers of the graph would lose the number of channels, which LiteRT needs.
        inputs = tf.concat([inputs, inputs[:, ::-1][:, 1 : 1 + below]], axis=1)
        return tf.concat([inputs, inputs[:, :, ::-1][:, :, 1 : 1 + right]], axis=2)

    def compute_output_shape(self, input_shape):
        count, *sides, channels = input_shape
        up = lambda side: side and -(-side // self.multiple) * self.multiple  # noqa: E731
        return (count, *map(up, sides), channels)


@keras.saving.register_keras_serializable(package="keras_gan")
class CropLike(keras.layers.Layer):
    """Crops images [N, H', W', C] to the size of others [N, H, W, D], from the upper left."""

    def call(self, images, others):
        if images.shape[1:3] == others.shape[1:3] and None not in images.shape[1:3]:
            return images
        height, width = tf.unstack(tf.shape(others)[1:3])
        return images[:, :height, :width]

    def compute_output_shape(self, images_shape, others_shape):
        return (*others_shape[:3], images_shape[3])
