"""Loads a network from TensorFlow's SavedModel, a folder that may come from anybody.

Such a folder holds a graph of operations, some of which read and write files or run other code.  The graph is
therefore read first, and refused if it holds anything but arithmetic and what restores its own weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from convert.importing.errors import ForeignNetworkError

GRAPH_FILE = "saved_model.pb"
SIGNATURE = "serving_default"

_OPERATIONS = """
Add AddN AddV2 AvgPool BiasAdd Cast ConcatV2 Const Conv2D DepthwiseConv2dNative Elu ExpandDims Fill
FusedBatchNorm FusedBatchNormV3 GatherV2 Identity IdentityN LeakyRelu MatMul Max MaxPool Maximum Mean Minimum Mul
Neg NoOp Pack Pad PadV2 PartitionedCall Placeholder PlaceholderWithDefault Prod RealDiv Relu Relu6 Reshape
ResizeBilinear ResizeNearestNeighbor Rsqrt Select SelectV2 Shape Sigmoid Softmax Sqrt Square SquaredDifference
Squeeze StatefulPartitionedCall StopGradient StridedSlice Sub Sum Tanh Transpose Unpack
VarHandleOp ReadVariableOp AssignVariableOp VarIsInitializedOp DisableCopyOnRead
MergeV2Checkpoints RestoreV2 SaveV2 ShardedFilename StaticRegexFullMatch StringJoin
"""
OPERATIONS = frozenset(_OPERATIONS.split())
"""What a graph may hold: the arithmetic of a network, its variables, and how they are saved and restored."""


FILE_OPERATIONS = frozenset({"MergeV2Checkpoints", "RestoreV2", "SaveV2", "ShardedFilename"})
"""Those of :data:`OPERATIONS` that have no place in the arithmetic itself."""

INITIALISER = "__saved_model_init_op"
"""The name under which a graph tells what to run once it is loaded."""

LINEAR = frozenset({"Add", "AddV2", "BiasAdd", "MatMul", "Mean", "Reshape", "Squeeze"})
"""Operations that logits may come from."""


class FrozenGraph(keras.layers.Layer):
    """A SavedModel's arithmetic as a layer, its weights as constants."""

    def __init__(self, graph: bytes, feed: str, fetch: str, units: int, **kwargs: Any) -> None:
        """Run the GraphDef ``graph`` from the tensor named ``feed`` to the one named ``fetch`` ``(n, units)``."""
        super().__init__(**kwargs)
        self._config = {"graph": graph, "feed": feed, "fetch": fetch, "units": units}
        definition = tf.compat.v1.GraphDef.FromString(graph)
        whole = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(definition, name=""), [])
        self._run = whole.prune(feed, fetch)
        self._units = units

    def call(self, x: Any) -> Any:
        """The output for images ``x``."""
        return self._run(x)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """``(n, units)``."""
        return (input_shape[0], self._units)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes; for copies in memory, as a network isn't saved with this layer."""
        return {**super().get_config(), **self._config}


def load_saved_model(folder: Path) -> keras.Model:
    """The network in ``folder``, a softmax at its end left out.

    Raises:
        ForeignNetworkError: no SavedModel, damaged, without a signature of one input and one output, or with
            operations that aren't arithmetic.
    """
    _check_operations(folder)
    try:
        loaded = tf.saved_model.load(str(folder))
        frozen = convert_variables_to_constants_v2(loaded.signatures[SIGNATURE])
    except KeyError as error:
        raise ForeignNetworkError(f"{folder}: has no signature {SIGNATURE!r}; export the network with one") from error
    except (OSError, ValueError, TypeError, AttributeError, RuntimeError, tf.errors.OpError) as error:
        raise ForeignNetworkError(f"{folder}: not a SavedModel that can be loaded: {error}") from error
    return _as_network(frozen, folder)


def _check_operations(folder: Path) -> None:
    file = folder / GRAPH_FILE
    try:
        model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    except OSError as error:
        raise ForeignNetworkError(f"{file}: can't be read ({error.strerror}); give a SavedModel's folder") from error
    except DecodeError as error:
        raise ForeignNetworkError(f"{file}: damaged, or not a SavedModel's graph: {error}") from error
    _check_nothing_runs_at_loading(model, file)
    unknown = sorted({node.op for node in _nodes(model)} - OPERATIONS)
    if unknown:
        raise ForeignNetworkError(
            f"{file}: holds the operation(s) {', '.join(unknown)}, which could run code or touch files, or which a "
            "device can't run; export the network alone, without what prepares its pictures"
        )


def _check_nothing_runs_at_loading(model: Any, file: Path) -> None:
    """Tables, assets and initialisers are set up while the folder is loaded, with operations that touch files."""
    for graph in model.meta_graphs:
        kinds = {node.WhichOneof("kind") for node in graph.object_graph_def.nodes}
        idle = {node.name for node in graph.graph_def.node if node.op == "NoOp" and not node.input}
        started = {output.name for output in _initialiser_outputs(graph)} - idle
        if graph.asset_file_def or kinds & {"asset", "resource"} or started:
            raise ForeignNetworkError(
                f"{file}: has tables, files or an initialiser beside its network; export the network alone"
            )


def _initialiser_outputs(graph: Any) -> list[Any]:
    signatures = graph.signature_def
    return list(signatures[INITIALISER].outputs.values()) if INITIALISER in signatures else []


def _nodes(model: Any) -> Iterator[Any]:
    for graph in model.meta_graphs:
        yield from graph.graph_def.node
        for function in graph.graph_def.library.function:
            yield from function.node_def


def _as_network(frozen: Any, folder: Path) -> keras.Model:
    if len(frozen.inputs) != 1 or len(frozen.outputs) != 1:
        raise ForeignNetworkError(
            f"{folder}: needs one input and one output, has {len(frozen.inputs)} and {len(frozen.outputs)}"
        )
    (image,), (output,) = frozen.inputs, frozen.outputs
    if image.shape.rank != 4 or image.shape[0] is not None or None in tuple(image.shape[1:]):
        raise ForeignNetworkError(
            f"{folder}: needs an input (None, height, width, channels) of fixed size, has {image.shape}"
        )
    if output.shape.rank != 2 or output.shape[1] is None:
        raise ForeignNetworkError(f"{folder}: needs an output (None, labels), has {output.shape}")
    graph = frozen.graph.as_graph_def()
    if touching := FILE_OPERATIONS & {node.op for node in graph.node}:
        raise ForeignNetworkError(f"{folder}: the network itself touches files ({', '.join(sorted(touching))})")
    fetch = _logits_node(graph, output.op.name, folder)
    _open_batches(graph)
    inputs = keras.Input(tuple(image.shape[1:]), name="image")
    layer = FrozenGraph(graph.SerializeToString(), image.name, f"{fetch}:0", output.shape[1], name="graph")
    return keras.Model(inputs, layer(inputs), name="saved_model")


def _logits_node(graph: Any, name: str, folder: Path) -> str:
    """The node that gives the logits: what stands before the softmax that the output ``name`` comes from, if any."""
    nodes = {node.name: node for node in graph.node}
    node = _without_identities(nodes, name)
    if node.op == "Softmax":
        node = _without_identities(nodes, node.input[0])
    if node.op not in LINEAR:
        raise ForeignNetworkError(f"{folder}: ends in {node.op}; a classifier ends in a softmax or in logits")
    return node.name


def _without_identities(nodes: dict[str, Any], name: str) -> Any:
    node = nodes[name.partition(":")[0]]
    while node.op == "Identity":
        node = nodes[node.input[0].partition(":")[0]]
    return node


def _open_batches(graph: Any) -> None:
    """Let every Reshape that keeps the batch's size say -1 for it instead of measuring it, which int8 can't."""
    nodes = {node.name: node for node in graph.node}
    for node in graph.node:
        if node.op != "Reshape":
            continue
        pack = nodes[node.input[1].partition(":")[0]]
        if pack.op != "Pack":
            continue
        measured, *rest = (_without_identities(nodes, name) for name in pack.input if not name.startswith("^"))
        if measured.op == "StridedSlice" and all(size.op == "Const" for size in rest):
            sizes = [-1, *(int(tf.make_ndarray(size.attr["value"].tensor)) for size in rest)]
            pack.CopyFrom(_constant(pack.name, sizes))


def _constant(name: str, values: list[int]) -> Any:
    tensor = tf.make_tensor_proto(values, tf.int32)
    attributes = {
        "dtype": tf.compat.v1.AttrValue(type=tf.int32.as_datatype_enum),
        "value": tf.compat.v1.AttrValue(tensor=tensor),
    }
    return tf.compat.v1.NodeDef(name=name, op="Const", attr=attributes)
