"""A network rewritten for inference: fewer operations, the same results up to rounding."""

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


_MANY = 512  # Inputs of a dense layer whose rounding shows.


@keras.saving.register_keras_serializable(package="keras_gan")
class IndependentDense(keras.layers.Dense):
    """A dense layer whose rows do not depend on how many there are.

    A product adds up in an order that depends on the number of rows, which shows in the last
    bits of float32. Here it is done in float64 and rounded once.
    """

    def call(self, inputs):
        inputs, kernel = (tf.cast(x, tf.float64) for x in (inputs, self.kernel))
        outputs = tf.cast(tf.matmul(inputs, kernel), tf.float32)
        if self.use_bias:
            outputs = tf.nn.bias_add(outputs, tf.convert_to_tensor(self.bias))
        return outputs if self.activation is None else self.activation(outputs)


def inference_network(network, phased=True, independent_rows=False):
    """Returns a float32 copy of a network that only computes what inference needs.

    Each batch norm becomes part of the dense layer or convolution before it, or an
    `Affine` layer where that is not possible. Transposed convolutions become phases
    (`PhasedConv2DTranspose`) where that computes the same. What acts in training only
    is left out. All other layers are copied. The network itself stays as it is.

    Args:
        network: A `keras.Model`.
        phased: Whether transposed convolutions become phases.
        independent_rows: Whether large dense layers become `IndependentDense`.

    Returns:
        A functional `keras.Model` with the same inputs, outputs and names. A network
        that is not functional, or has a `call` of its own, is returned as it is.
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
    """Returns the functional graph that an operation consists of, or `None`."""
    graph = getattr(operation, "_functional", operation)  # A `Sequential` has one inside.
    is_whole = isinstance(graph, keras.Function) and type(graph).call.__module__[:6] == "keras."
    return graph if is_whole else None


class _Rewriter:
    """Rewrites a network and those inside it.

    Args:
        phased: As of `inference_network`.
        independent_rows: The same.

    Attributes:
        weights: The new layers and the weights to set, once all are built.
    """

    def __init__(self, phased, independent_rows):
        self.phased, self.independent_rows = phased, independent_rows
        self.weights = []
        self._copies = {}

    def rewrite(self, network):
        """Returns the new network, its weights not set."""
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
                if id(node.outputs[0]) in map(id, network.outputs):  # It has the output's name.
                    outputs = keras.layers.Identity(name=operation.name)(outputs)
            else:
                if type(operation) in folding.BATCH_NORMS:
                    arguments, keywords = arguments[:1], {}  # Without a mask.
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
        """Returns what to call in place of an operation, the same for each of its calls."""
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
        """Returns a layer or operation of the same settings, in float32, without weights yet."""
        kind = type(operation)
        if self.independent_rows and kind is keras.layers.Dense and folding.is_product(operation):
            kind = IndependentDense if operation.kernel.shape[0] >= _MANY else kind
        return kind.from_config(_in_float32(operation.get_config()) | changes)


def _input(tensor):
    dtype = "float32" if "float" in tensor.dtype else tensor.dtype
    return keras.Input(batch_shape=tensor.shape, dtype=dtype, name=tensor.name)


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
