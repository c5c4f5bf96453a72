"""Transposed convolutions as ordinary convolutions, which are faster on CPUs.

Take strides (s, t). The outputs at rows p, p + s, p + 2s, ... and columns q, q + t, ... use only
one part of the kernel. They are a convolution of stride 1 with that part: the phase (p, q). This
saves the products with the zeros between inputs, and inference engines optimise ordinary
convolutions best.
"""

import itertools

import keras
import numpy as np
import tensorflow as tf

from keras_gan.serving import folding

_VECTOR = 16  # float32 numbers in an AVX-512 register; fewer filters take the same time.


def can_stand_for(layer):
    """Returns whether a `PhasedConv2DTranspose` can replace a layer."""
    return (
        type(layer) in folding.TRANSPOSED
        and folding.is_product(layer)
        and layer.padding == "same"
        and set(layer.dilation_rate) == {1}
        and layer.output_padding is None
        and all(k >= s for k, s in zip(layer.kernel_size, layer.strides, strict=True))
    )


def standing_for(layer):
    """Returns the `PhasedConv2DTranspose` that replaces a layer; its weights are not set."""
    settings = layer.filters, layer.kernel_size, layer.strides, layer.activation
    return PhasedConv2DTranspose(*settings, name=layer.name)


@keras.saving.register_keras_serializable(package="keras_gan")
class PhasedConv2DTranspose(keras.layers.Layer):
    """A `Conv2DTranspose` computed by ordinary convolutions.

    It has a bias and padding "same", and its kernel is at least as large as the strides. If there
    are few filters, one convolution computes all phases, and the outputs beyond the edges are cut
    off. Otherwise each phase has its own convolution.

    Args:
        filters: Number of output channels.
        kernel_size: (rows, columns) of the transposed convolution's kernel.
        strides: (vertical, horizontal).
        activation: Activation of the replaced layer.

    Call arguments:
        inputs: Tensor [N, height, width, C], N > 0: TensorFlow 2.21 returns a wrong shape
            for convolutions of an empty batch.

    Returns:
        Tensor [N, height * strides[0], width * strides[1], filters].
    """

    def __init__(self, filters, kernel_size, strides, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size, self.strides = tuple(kernel_size), tuple(strides)
        self.activation = keras.activations.get(activation)
        phases = list(itertools.product(*map(range, strides)))
        self._together = len(phases) * filters <= _VECTOR
        self._groups = [phases] if self._together else [[phase] for phase in phases]
        # Pixels that padding "same" cuts off at the top and on the left.
        self._cut = [(k - s) // 2 for k, s in zip(kernel_size, strides, strict=True)]

    def _taps(self, phase, axis):
        """Returns, for a phase and an axis, {offset of an input: index in the kernel}."""
        size, stride = self.kernel_size[axis], self.strides[axis]
        shift = phase[axis] + (0 if self._together else self._cut[axis])
        return {(shift - index) // stride: index for index in range(shift % stride, size, stride)}

    def _window(self, group):
        """Returns the (smallest, largest) offset of inputs in a group of phases, for both axes."""
        met = ([d for phase in group for d in self._taps(phase, axis)] for axis in (0, 1))
        return [(min(distances), max(distances)) for distances in met]

    def build(self, input_shape):
        self.kernels = []
        for number, group in enumerate(self._groups):
            sizes = [last - first + 1 for first, last in self._window(group)]
            shape = (*sizes, input_shape[-1], len(group) * self.filters)
            self.kernels.append(self.add_weight(shape=shape, name=f"kernel_{number}"))
        self.bias = self.add_weight(shape=(self.filters,), name="bias")

    def weights_of(self, kernel, bias):
        """Returns this layer's weights for a kernel and bias of a transposed convolution.

        Args:
            kernel: Array [rows, columns, filters, C].
            bias: Array [filters].
        """
        made = []
        for group in self._groups:
            (top, bottom), (left, right) = self._window(group)
            shape = (bottom - top + 1, right - left + 1, kernel.shape[3], len(group), self.filters)
            part = np.zeros(shape)
            for number, phase in enumerate(group):
                for y, row in self._taps(phase, 0).items():
                    for x, column in self._taps(phase, 1).items():
                        part[y - top, x - left, :, number] = kernel[row, column].T
            made.append(part.reshape(*shape[:3], -1))
        return [*made, bias]

    def call(self, inputs):
        height, width = (inputs.shape[i] or tf.shape(inputs)[i] for i in (1, 2))
        outputs = []
        for group, kernel in zip(self._groups, self.kernels, strict=True):
            # A single convolution also computes the outputs that are cut off.
            pads = [(-a, -a if self._together else b) for a, b in self._window(group)]
            made = tf.nn.conv2d(inputs, tf.convert_to_tensor(kernel), 1, [(0, 0), *pads, (0, 0)])
            bias = tf.tile(tf.convert_to_tensor(self.bias), [len(group)])
            outputs.append(tf.nn.bias_add(made, bias))
        if self._together:
            (more_height, _), (more_width, _) = pads
            images = self._interleaved(outputs, height + more_height, width + more_width)
            (top, left), (down, across) = self._cut, self.strides
            images = images[:, top : top + height * down, left : left + width * across]
        else:
            images = self._interleaved(outputs, height, width)
        return self.activation(images)

    def _interleaved(self, outputs, height, width):
        """Interleaves the phases into one image; it copies whole rows of pixels at once."""
        down, across = self.strides
        if self._together:
            rows = tf.split(outputs[0], down, axis=-1)
        else:
            rows = [tf.concat(outputs[i : i + across], -1) for i in range(0, len(outputs), across)]
        rows = [tf.reshape(row, [-1, height, width * across * self.filters]) for row in rows]
        shape = [-1, height * down, width * across, self.filters]
        return tf.reshape(tf.stack(rows, axis=2), shape)

    def compute_output_shape(self, input_shape):
        count, *sizes, _ = input_shape
        sizes = [s and s * stride for s, stride in zip(sizes, self.strides, strict=True)]
        return (count, *sizes, self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "activation": keras.activations.serialize(self.activation),
        }
