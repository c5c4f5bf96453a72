"""Operations of a SavedModel that OpenVINO, LiteRT and TensorFlow.js all read.

Those that are in the operation table of OpenVINO's TensorFlow frontend (2026.4), have a builtin of
LiteRT (2.3), and are in the executors of TensorFlow.js (4.22). `EnsureShape` is in its table, too,
but fails when it runs.
"""

from tensorflow.python.tools.saved_model_utils import get_meta_graph_def

_READ = """
    Abs AddN AddV2 All Any ArgMax ArgMin AvgPool BatchMatMulV2 BiasAdd BroadcastTo Cast Ceil
    ConcatV2
    Const Conv2D Conv2DBackpropInput Cos Cumsum DepthToSpace DepthwiseConv2dNative Elu Equal Exp
    ExpandDims Fill Floor FloorDiv FloorMod FusedBatchNormV3 GatherNd GatherV2 Greater GreaterEqual
    Identity LeakyRelu Less LessEqual Log LogicalAnd LogicalNot LogicalOr LogSoftmax MatMul Max
    MaxPool Maximum Mean Min Minimum MirrorPad Mul Neg NoOp NotEqual OneHot Pack Pad PadV2
    Placeholder Pow Prod Range Rank RealDiv Relu Relu6 Reshape ReverseV2 Round Rsqrt SelectV2 Shape
    Sigmoid Sign Sin Slice Softmax Split SplitV Sqrt Square SquaredDifference Squeeze StopGradient
    StridedSlice Sub Sum Tanh Tile TopKV2 Transpose Unpack ZerosLike
"""
# All three inline calls and put in the values of variables.
_INLINED = "PartitionedCall StatefulPartitionedCall ReadVariableOp VarHandleOp"
# All three drop assertions (TensorFlow.js by --strip_debug_ops=True), and what only these need.
_DROPPED = "Assert IsFinite"

READ_BY_ALL = frozenset(f"{_READ} {_INLINED} {_DROPPED}".split())


def of_function(function):
    """Returns the names of all operations of a traced function and of those that it calls."""
    graph = function.graph.as_graph_def()
    bodies = {body.signature.name: body.node_def for body in graph.library.function}
    found, called = set(), set()
    for node in graph.node:
        _add(node, bodies, called, found)
    return found


def of_signatures(directory):
    """Returns the names of the operations that each signature of a SavedModel runs."""
    meta = get_meta_graph_def(str(directory), "serve")
    return {
        name: _reached(meta.graph_def, [info.name for info in signature.outputs.values()])
        for name, signature in meta.signature_def.items()
        if not name.startswith("__")
    }


def _reached(graph, tensors):
    bodies = {body.signature.name: body.node_def for body in graph.library.function}
    nodes = {node.name: node for node in graph.node}
    waiting = [_node(name) for name in tensors]
    places, called, found = set(), set(), set()
    while waiting:
        name = waiting.pop()
        if name not in places:
            places.add(name)
            waiting += map(_node, nodes[name].input)
            _add(nodes[name], bodies, called, found)
    return found


def _add(node, bodies, called, found):
    """Adds a node's operation, and those of the functions that it calls."""
    found.add(node.op)
    functions = [x.func.name for x in node.attr.values() if x.HasField("func")]
    for name in functions:
        if name not in called:
            called.add(name)
            for inner in bodies[name]:
                _add(inner, bodies, called, found)


def _node(tensor):
    return tensor.removeprefix("^").split(":")[0]
