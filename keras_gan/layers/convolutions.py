"""Strided convolutions with a faster gradient of their kernels on a CPU.

For small images with many channels, oneDNN needs up to five times as long for the
gradient of a kernel as the same computation takes with matrix products.
"""

import math

import keras
import tensorflow as tf


def kernel_gradient(images, features, kernel_shape, strides):
    """Returns d/dkernel of `sum(features * conv2d(images, kernel, strides, "SAME"))`.

    There is one matrix product for each row of the kernel and each group of
    `strides[1]` columns, because the pixels under such a group are adjacent in memory.

    Args:
        images: Tensor [N, height, width, C].
        features: Tensor [N, ceil(height / strides[0]), ceil(width / strides[1]), F].
        kernel_shape: (rows, columns, C, F).
        strides: (vertical, horizontal).
    """
    rows, columns, channels, filters = kernel_shape
    height, width = features.shape[1:3]
    paddings, blocks = [], []
    for axis, count in enumerate((height, width)):
        size, kernel, stride = images.shape[1 + axis], kernel_shape[axis], strides[axis]
        before = max((count - 1) * stride + kernel - size, 0) // 2  # The padding of "SAME".
        blocks.append(count - 1 + -(-kernel // stride))
        paddings.append([before, blocks[axis] * stride - size - before])
    images = tf.pad(images, [[0, 0], *paddings, [0, 0]])
    images = tf.reshape(images, [-1, blocks[0], strides[0], blocks[1], strides[1] * channels])
    features = tf.reshape(features, [-1, filters])
    products = []
    for row in range(rows):
        top, inner = divmod(row, strides[0])
        for column in range(0, columns, strides[1]):
            left, depth = column // strides[1], min(strides[1], columns - column) * channels
            met = images[:, top : top + height, inner, left : left + width, :depth]
            products.append(tf.matmul(tf.reshape(met, [-1, depth]), features, transpose_a=True))
    return tf.reshape(tf.concat(products, 0), kernel_shape)


def _only_cpus():
    return {device.device_type for device in tf.config.list_logical_devices()} == {"CPU"}


class _LearnsByProducts:
    """Mixin for Keras layers: `_convolve` is the convolution with the faster gradient."""

    def call(self, inputs, training=None):
        # Inference graphs get exported, and should not contain a custom gradient.
        if not training or not self._is_plain() or not self._products_are_faster(inputs):
            return super().call(inputs)
        outputs = self._convolve(inputs, tf.convert_to_tensor(self.kernel))
        if self.use_bias:
            outputs = tf.nn.bias_add(outputs, tf.convert_to_tensor(self.bias))
        return outputs if self.activation is None else self.activation(outputs)

    def _is_plain(self):
        return (
            (self.padding, self.data_format) == ("same", "channels_last")
            and set(self.dilation_rate) == {1}
            and getattr(self, "groups", 1) == 1
            and getattr(self, "output_padding", None) is None
        )

    def _products_are_faster(self, inputs):
        # Speedups measured 2026-11-21 on 2 cores of an AMD EPYC (AVX-512, bfloat16), with kernels
        # of 4 and 5 pixels, stride 2, batches of 16 to 256 and at least 64 channels.
        # bfloat16: 4x4 features 1.4 to 5; 8x8 1.0 to 2.0; 16x16 0.7 to 1.1.
        # float32: 4x4 features 1.0 to 2.6 from 128 channels, 0.9 to 1.2 with 64; 8x8 0.6 to 1.3.
        if not _only_cpus() or None in inputs.shape[1:3]:
            return False
        shapes = inputs.shape, self.compute_output_shape(inputs.shape)
        pixels = min(math.prod(shape[1:3]) for shape in shapes)
        most_pixels, least_channels = (64, 64) if inputs.dtype == tf.bfloat16 else (16, 128)
        return pixels <= most_pixels and self.kernel.shape[2] >= least_channels


@keras.saving.register_keras_serializable(package="keras_gan")
class Conv2D(_LearnsByProducts, keras.layers.Conv2D):
    """Keras' layer, with a faster gradient of the kernel where it was measured to be faster.

    On CPUs a grouped convolution runs as one convolution per group. Keras would
    compile it with XLA, which is many times slower and cannot be served everywhere
    after an export. TensorFlow also lacks its gradient in float64.
    """

    def convolution_op(self, inputs, kernel):
        if self.groups == 1 or not _only_cpus():
            return super().convolution_op(inputs, kernel)
        parts = zip(
            tf.split(inputs, self.groups, axis=-1),
            tf.split(kernel, self.groups, axis=-1),
            strict=True,
        )
        return tf.concat([super(Conv2D, self).convolution_op(*part) for part in parts], axis=-1)

    def _convolve(self, images, kernel):
        @tf.custom_gradient
        def convolve(images, kernel):
            def gradient(upstream):
                shape, strides = tf.shape(images), self.strides
                to_images = tf.nn.conv2d_transpose(upstream, kernel, shape, strides, "SAME")
                return to_images, kernel_gradient(images, upstream, kernel.shape, strides)

            return tf.nn.conv2d(images, kernel, self.strides, "SAME"), gradient

        return convolve(images, kernel)


@keras.saving.register_keras_serializable(package="keras_gan")
class Conv2DTranspose(_LearnsByProducts, keras.layers.Conv2DTranspose):
    """Keras' layer, with a faster gradient of the kernel where it was measured to be faster."""

    def _convolve(self, features, kernel):
        size = self.compute_output_shape(features.shape)[1:]

        @tf.custom_gradient
        def convolve(features, kernel):
            def gradient(upstream):
                to_features = tf.nn.conv2d(upstream, kernel, self.strides, "SAME")
                return to_features, kernel_gradient(upstream, features, kernel.shape, self.strides)

            shape = [tf.shape(features)[0], *size]
            return tf.nn.conv2d_transpose(features, kernel, shape, self.strides, "SAME"), gradient

        return convolve(features, kernel)
