"""A network rewritten for inference: fewer operations, the same results up to rounding."""

import collections

import keras
import numpy as np

from keras_gan import batch_norm, convolutions, layers

_BATCH_NORMS = (keras.layers.BatchNormalization, batch_norm.BatchNormalization)
# Layers that multiply by a kernel and add a bias, and the axis of the kernel that has the outputs.
_PRODUCTS = {
    keras.layers.Dense: -1,
    keras.layers.Conv1D: -1,
    keras.layers.Conv2D: -1,
    convolutions.Conv2D: -1,
    keras.layers.Conv2DTranspose: -2,
    convolutions.Conv2DTranspose: -2,
}
_TRAINING_ONLY = (
    keras.layers.ActivityRegularization,
    keras.layers.AlphaDropout,
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    layers.Dropout,
)


@keras.saving.register_keras_serializable(package="keras_gan")
class Affine(keras.layers.Layer):
    """Multiplies each channel by a number and adds another: a batch norm in inference.

    Args:
        axis: The axis of the channels.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def build(self, input_shape):
        shape = [1] * (len(input_shape) - 1)
        shape[self.axis % len(input_shape) - 1] = input_shape[self.axis]
        self.scale = self.add_weight(shape=shape, initializer="ones", name="scale")
        self.offset = self.add_weight(shape=shape, initializer="zeros", name="offset")

    def call(self, inputs):
        return inputs * self.scale + self.offset

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def inference_network(network):
    """Returns a float32 copy of a network that only computes what inference needs.

    Each batch norm becomes part of the dense layer or convolution before it, or an
    `Affine` layer where that is not possible. What acts in training only is left out.
    All other layers are copied. The network itself stays as it is.

    Args:
        network: A functional `keras.Model`, of whatever class.

    Returns:
        A functional `keras.Model` with the same inputs, outputs and names.

    Raises:
        ValueError: If the network is not functional, or has a `call` of its own.
    """
    graph = _graph(network)
    if not graph:
        raise ValueError(f"Expected a functional model. Received: {network!r}.")
    with layers.dtype_policy("float32"):
        return _rewrite(graph, {})


def _graph(operation):
    """Returns the functional graph that an operation consists of, or `None`."""
    graph = getattr(operation, "_functional", operation)  # A `Sequential` has one inside.
    is_whole = isinstance(graph, keras.Function) and type(graph).call.__module__[:6] == "keras."
    return graph if is_whole else None


def _rewrite(network, copies):
    """Rewrites a network; `copies` are those of layers shared with another, by id."""
    nodes = [node for depth in sorted(network._nodes_by_depth, reverse=True)
             for node in network._nodes_by_depth[depth] if not node.is_input]  # fmt: skip
    folds = _folds(nodes, network.outputs)
    folded = {id(norm) for norm in folds.values()}
    tensors = {id(tensor): _input(tensor) for tensor in network.inputs}
    weights = []
    for node in nodes:
        operation = node.operation
        arguments, keywords = node.arguments.fill_in(tensors)
        if id(node) in folded or type(operation) in _TRAINING_ONLY:
            outputs = arguments[0]
            if id(node.outputs[0]) in map(id, network.outputs):  # It has the output's name.
                outputs = keras.layers.Identity(name=operation.name)(outputs)
        elif id(node) in folds:
            copy = _copy(operation, use_bias=True)
            outputs = copy(*arguments, **keywords)
            weights.append((copy, _folded(operation, folds[id(node)].operation)))
        elif type(operation) in _BATCH_NORMS:
            copy = Affine(operation.axis, name=operation.name)
            outputs = copy(arguments[0])
            shape = copy.scale.shape
            weights.append((copy, [v.reshape(shape) for v in _scale_and_offset(operation)]))
        else:
            is_new = id(operation) not in copies
            if is_new:
                graph = _graph(operation)
                copies[id(operation)] = _rewrite(graph, copies) if graph else _copy(operation)
            outputs = copies[id(operation)](*arguments, **keywords)
            if is_new and not graph and isinstance(operation, keras.layers.Layer):
                weights.append((copies[id(operation)], operation.get_weights()))
        for tensor, value in zip(node.outputs, keras.tree.flatten(outputs), strict=True):
            tensors[id(tensor)] = value
    for copy, values in weights:
        copy.set_weights(values)
    inputs, outputs = (
        keras.tree.map_structure(lambda tensor: tensors[id(tensor)], struct)
        for struct in (network._inputs_struct, network._outputs_struct)
    )
    return keras.Model(inputs, outputs, name=network.name, trainable=False)


def _folds(nodes, outputs):
    """Returns the node of the batch norm that becomes part of a node, by the latter's id."""
    made_by = {id(tensor): node for node in nodes for tensor in node.outputs}
    calls = collections.Counter(id(node.operation) for node in nodes)
    used = [tensor for node in nodes for tensor in node.input_tensors]
    uses = collections.Counter(map(id, [*used, *outputs]))
    folds = {}
    for norm in nodes:
        if type(norm.operation) not in _BATCH_NORMS:
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
            and _is_product(node.operation)
            and tensor.shape[-1] % channels == 0  # So that a unit is always of one channel.
        ):
            folds[id(node)] = norm
    return folds


def _is_product(layer):
    return (
        type(layer) in _PRODUCTS
        and layer.activation is keras.activations.linear
        and getattr(layer, "data_format", "channels_last") == "channels_last"
        and len(layer.weights) == 1 + layer.use_bias  # Neither quantized nor with LoRA.
    )


def _scale_and_offset(norm):
    def value(variable):
        return np.asarray(variable, "float64")

    scale = 1.0 / np.sqrt(value(norm.moving_variance) + norm.epsilon)
    if norm.scale:
        scale = scale * value(norm.gamma)
    offset = -value(norm.moving_mean) * scale
    return scale, offset + value(norm.beta) if norm.center else offset


def _folded(layer, norm):
    """Returns the kernel and the bias of a layer with the batch norm that follows it."""
    kernel, *bias = (np.asarray(value, "float64") for value in layer.get_weights())
    axis = _PRODUCTS[type(layer)]
    repeats = kernel.shape[axis] // norm.moving_mean.shape[0]
    scale, offset = (np.tile(value, repeats) for value in _scale_and_offset(norm))
    kernel = kernel * (scale if axis == -1 else scale[:, None])
    return kernel, offset + (bias[0] * scale if bias else 0.0)


def _input(tensor):
    dtype = "float32" if "float" in tensor.dtype else tensor.dtype
    return keras.Input(batch_shape=tensor.shape, dtype=dtype, name=tensor.name)


def _copy(operation, **changes):
    """Returns a layer or an operation of the same settings, in float32, without weights yet."""
    return type(operation).from_config(_in_float32(operation.get_config()) | changes)


def _in_float32(config):
    """Returns a config, and those inside it, with float32 in place of other precisions."""
    if isinstance(config, list | tuple):
        return type(config)(map(_in_float32, config))
    if not isinstance(config, dict):
        return config
    config = {key: _in_float32(value) for key, value in config.items()}
    dtype = config.get("dtype")
    if dtype is not None and "float" in keras.dtype_policies.get(dtype).compute_dtype:
        config["dtype"] = "float32"
    return config
