"""Folding batch norms into the layer before them, for inference.

In inference a batch norm is an affine map per channel. A dense layer or convolution before it can
often absorb that map into its kernel and bias.
"""

import collections

import keras
import numpy as np

from keras_gan.layers import batch_norm, convolutions

BATCH_NORMS = (keras.layers.BatchNormalization, batch_norm.BatchNormalization)
TRANSPOSED = (keras.layers.Conv2DTranspose, convolutions.Conv2DTranspose)
# Layers that multiply by a kernel and add a bias; called products below.
_PRODUCTS = (
    keras.layers.Dense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    convolutions.Conv2D,
    *TRANSPOSED,
)


@keras.saving.register_keras_serializable(package="keras_gan")
class Affine(keras.layers.Layer):
    """Scales each channel and adds an offset: a batch norm in inference.

    Args:
        axis: The axis of the channels.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def build(self, input_shape):
        shape = (input_shape[self.axis],)
        self.scale = self.add_weight(shape=shape, initializer="ones", name="scale")
        self.offset = self.add_weight(shape=shape, initializer="zeros", name="offset")

    def call(self, inputs):
        scale, offset = self.scale, self.offset
        behind = len(inputs.shape) - 1 - self.axis % len(inputs.shape)
        if behind:
            shape = (-1, *[1] * behind)
            scale, offset = (keras.ops.reshape(x, shape) for x in (scale, offset))
        return inputs * scale + offset

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def folds(nodes, outputs):
    """Finds the batch norms that can be folded into the layer before.

    Args:
        nodes: All nodes of a Keras graph.
        outputs: The graph's output tensors.

    Returns:
        A dict from the id of the absorbing layer's node to the node of the batch norm.
    """
    made_by = {id(tensor): node for node in nodes for tensor in node.outputs}
    calls = collections.Counter(id(node.operation) for node in nodes)
    used = [tensor for node in nodes for tensor in node.input_tensors]
    uses = collections.Counter(map(id, [*used, *outputs]))
    found = {}
    for norm in nodes:
        if type(norm.operation) not in BATCH_NORMS:
            continue
        tensor = norm.input_tensors[0]
        channels, is_last = tensor.shape[-1], norm.operation.axis in (-1, len(tensor.shape) - 1)
        node = made_by.get(id(tensor))
        while node and type(node.operation) is keras.layers.Reshape and uses[id(tensor)] == 1:
            tensor = node.input_tensors[0]
            node = made_by.get(id(tensor))
        if (
            node
            and is_last
            and uses[id(tensor)] == 1
            and calls[id(node.operation)] == 1
            and is_product(node.operation)
            and node.operation.activation is keras.activations.linear
            and tensor.shape[-1] % channels == 0  # Then each unit belongs to one channel.
        ):
            found[id(node)] = norm
    return found


def is_product(layer):
    """Returns whether a layer multiplies by a kernel and has its output channels last."""
    return (
        type(layer) in _PRODUCTS
        and getattr(layer, "data_format", "channels_last") == "channels_last"
        and len(layer.weights) == 1 + layer.use_bias  # Neither quantized nor with LoRA.
    )


def scale_and_offset(norm):
    """Returns the scale and the offset per channel of a batch norm in inference, in float64."""

    def value(variable):
        return np.asarray(variable, "float64")

    scale = 1.0 / np.sqrt(value(norm.moving_variance) + norm.epsilon)
    if norm.scale:
        scale = scale * value(norm.gamma)
    offset = -value(norm.moving_mean) * scale
    return [scale, offset + value(norm.beta) if norm.center else offset]


def folded(layer, norm=None):
    """Returns the kernel and bias of a product, with the batch norm after it folded in."""
    kernel, *bias = (np.asarray(value, "float64") for value in layer.get_weights())
    axis = -2 if type(layer) in TRANSPOSED else -1
    bias = bias[0] if bias else np.zeros(kernel.shape[axis])
    if norm is None:
        return [kernel, bias]
    repeats = len(bias) // norm.moving_mean.shape[0]
    scale, offset = (np.tile(value, repeats) for value in scale_and_offset(norm))
    return [kernel * (scale if axis == -1 else scale[:, None]), bias * scale + offset]
