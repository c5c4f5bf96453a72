"""Rewrites a network for inference: fewer operations, the same results up to rounding."""

import keras
import tensorflow as tf

from keras_gan.layers import core as layers
from keras_gan.serving import folding, phases

_TRAINING_ONLY = (
    keras.layers.ActivityRegularization,
    keras.layers.AlphaDropout,
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    layers.Dropout,
)


_MANY = 512  # From this many inputs on, the rounding of a dense layer is noticeable.


@keras.saving.register_keras_serializable(package="keras_gan")
class IndependentDense(keras.layers.Dense):
    """A dense layer whose result for a row does not depend on the batch size.

    The order of summation in a matrix product depends on the number of rows, which changes the
    last bits in float32. This layer computes in float64 and rounds once.
    """

    def call(self, inputs):
        inputs, kernel = (tf.cast(x, tf.float64) for x in (inputs, self.kernel))
        outputs = tf.cast(tf.matmul(inputs, kernel), tf.float32)
        if self.use_bias:
            outputs = tf.nn.bias_add(outputs, tf.convert_to_tensor(self.bias))
        return outputs if self.activation is None else self.activation(outputs)


def inference_network(network, phased=True, independent_rows=False):
    """Returns a float32 copy of a network, optimised for inference.

    Batch norms are folded into the dense layer or convolution before them, or become
    `Affine` layers if that is not possible. Transposed convolutions become
    `PhasedConv2DTranspose` layers if these compute the same. Layers that act only in
    training are removed. All other layers are copied. The given network does not change.

    Args:
        network: A `keras.Model`.
        phased: Whether to replace transposed convolutions by `PhasedConv2DTranspose`.
        independent_rows: Whether to replace large dense layers by `IndependentDense`.

    Returns:
        A functional `keras.Model` with the same inputs, outputs and names. A network
        that is not functional, or defines its own `call`, is returned unchanged.
    """
    graph = _graph(network)
    if not graph:
        return network
    with layers.dtype_policy("float32"):
        rewriter = _Rewriter(phased, independent_rows)
        made = rewriter.rewrite(graph)
    for layer, weights in rewriter.weights:
        layer.set_weights(weights)
    return made


def _graph(operation):
    """Returns the functional graph of an operation, or `None` if it is not a functional model."""
    graph = getattr(operation, "_functional", operation)  # A `Sequential` contains one.
    is_whole = isinstance(graph, keras.Function) and type(graph).call.__module__[:6] == "keras."
    return graph if is_whole else None


class _Rewriter:
    """Rewrites a network and the networks nested in it.

    Args:
        phased: See `inference_network`.
        independent_rows: See `inference_network`.

    Attributes:
        weights: Pairs (new layer, its weights), to be set once all layers are built.
    """

    def __init__(self, phased, independent_rows):
        self.phased, self.independent_rows = phased, independent_rows
        self.weights = []
        self._copies = {}

    def rewrite(self, network):
        """Returns the new network; its weights are not set yet."""
        by_depth = network._nodes_by_depth
        nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
        norms = folding.folds(nodes, network.outputs)
        folded = {id(norm) for norm in norms.values()}
        tensors = {id(tensor): _input(tensor) for tensor in network.inputs}
        for node in (node for node in nodes if not node.is_input):
            operation = node.operation
            arguments, keywords = node.arguments.fill_in(tensors)
            if id(node) in folded or type(operation) in _TRAINING_ONLY:
                outputs = arguments[0]
                if id(node.outputs[0]) in map(id, network.outputs):  # Keep the output's name.
                    outputs = keras.layers.Identity(name=operation.name)(outputs)
            else:
                if type(operation) in folding.BATCH_NORMS:
                    arguments, keywords = arguments[:1], {}  # Drop the mask.
                norm = norms[id(node)].operation if id(node) in norms else None
                outputs = self._replacement(operation, norm)(*arguments, **keywords)
            for tensor, value in zip(node.outputs, keras.tree.flatten(outputs), strict=True):
                tensors[id(tensor)] = value
        inputs, outputs = (
            keras.tree.map_structure(lambda tensor: tensors[id(tensor)], struct)
            for struct in (network._inputs_struct, network._outputs_struct)
        )
        return keras.Model(inputs, outputs, name=network.name, trainable=False)

    def _replacement(self, operation, norm):
        """Returns the replacement of an operation; all calls of the operation share it."""
        key = id(operation), id(norm)
        if key not in self._copies:
            self._copies[key] = self._copy(operation, norm)
        return self._copies[key]

    def _copy(self, operation, norm):
        if graph := _graph(operation):
            return self.rewrite(graph)
        if type(operation) in folding.BATCH_NORMS:
            copy = folding.Affine(operation.axis, name=operation.name)
            weights = folding.scale_and_offset(operation)
        elif self.phased and phases.can_stand_for(operation):
            copy = phases.standing_for(operation)
            weights = copy.weights_of(*folding.folded(operation, norm))
        elif norm:
            copy = self._like(operation, use_bias=True)
            weights = folding.folded(operation, norm)
        else:
            copy = self._like(operation)
            weights = getattr(operation, "get_weights", list)()
        if weights:
            self.weights.append((copy, weights))
        return copy

    def _like(self, operation, **changes):
        """Returns a float32 layer or operation with the same settings; weights are not set yet."""
        kind = type(operation)
        if self.independent_rows and kind is keras.layers.Dense and folding.is_product(operation):
            kind = IndependentDense if operation.kernel.shape[0] >= _MANY else kind
        return kind.from_config(_in_float32(operation.get_config()) | changes)


def _input(tensor):
    dtype = "float32" if "float" in tensor.dtype else tensor.dtype
    return keras.Input(batch_shape=tensor.shape, dtype=dtype, name=tensor.name)


def _in_float32(config):
    """Returns a config in which all floating-point dtypes, also of nested configs, are float32."""
    if isinstance(config, list | tuple):
        return type(config)(map(_in_float32, config))
    if not isinstance(config, dict):
        return config
    config = {key: _in_float32(value) for key, value in config.items()}
    dtype = config.get("dtype")
    if dtype is not None and "float" in keras.dtype_policies.get(dtype).compute_dtype:
        config["dtype"] = "float32"
    return config
