"""What a TFLite file computes: its operations, which of them XNNPACK runs, and how many multiply-accumulates they are.

What XNNPACK doesn't run is left to TFLite's slow reference kernels.
"""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

from edge.errors import ModelError
from edge.inference.runtime import build_interpreter, describe

DELEGATE = "DELEGATE"
"""The runtime's name for the node that stands for everything a delegate took over."""

Shape = tuple[int, int, int, int]


class OperationsUnknownError(ModelError):
    """The runtime of this device does not tell what it runs."""


class Operation(NamedTuple):
    """One operation of a file; ``delegated``: XNNPACK runs it."""

    name: str
    delegated: bool


def operations(model: bytes, shape: Shape | None = None) -> tuple[Operation, ...]:
    """Every operation in the order of the file.

    ``shape`` ``(n, height, width, channels)``: the input shape to allocate for, the file's own if not given.

    Raises:
        OperationsUnknownError: the runtime doesn't tell.
    """
    nodes = _nodes(_allocated(build_interpreter(model, threads=1), shape))
    own = [node for node in nodes if node["op_name"] != DELEGATE]
    delegated: set[int] = set()
    for node in nodes:
        if node["op_name"] == DELEGATE:
            delegated |= _between(own, node)
    return tuple(Operation(node["op_name"], node["index"] in delegated) for node in own)


def count_macs(model: bytes, shape: Shape | None = None) -> int:
    """Multiply-accumulates of the convolutions and dense layers in one run, for an input of ``shape``.

    Raises:
        OperationsUnknownError: the runtime doesn't tell.
    """
    interpreter = _allocated(_undelegated(model), shape)

    def size(tensor: int) -> tuple[int, ...]:
        return tuple(int(n) for n in interpreter._get_tensor_details(int(tensor), 0)["shape"])

    return sum(
        math.prod(size(node["outputs"][0])) * _macs_a_value(node["op_name"], size(node["inputs"][1]))
        for node in _nodes(interpreter)
        if node["op_name"] in _KERNELS
    )


_KERNELS = {"CONV_2D": slice(1, 4), "DEPTHWISE_CONV_2D": slice(1, 3), "FULLY_CONNECTED": slice(1, 2)}
"""For operations with weights: the axes of the weights that are summed over for each value of the output."""


def _macs_a_value(operation: str, weights: tuple[int, ...]) -> int:
    return math.prod(weights[_KERNELS[operation]])


def _allocated(interpreter: Any, shape: Shape | None) -> Any:
    if shape is not None:
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
    interpreter.allocate_tensors()
    return interpreter


def _undelegated(model: bytes) -> Any:
    """An interpreter without XNNPACK, which leaves the shapes of tensors within its part as they are in the file."""
    interpreter_class = describe(model).interpreter_class
    try:
        resolver = sys.modules[interpreter_class.__module__].OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        return interpreter_class(model_content=model, experimental_op_resolver_type=resolver)
    except (AttributeError, TypeError) as error:
        raise OperationsUnknownError(f"this runtime doesn't run without its delegate: {error}") from error


def _nodes(interpreter: Any) -> list[dict[str, Any]]:
    try:
        return list(interpreter._get_ops_details())
    except AttributeError as error:
        raise OperationsUnknownError(f"this runtime doesn't tell its operations: {error}") from error


def _between(operations: list[dict[str, Any]], delegate: dict[str, Any]) -> set[int]:
    """Indices of the operations that lead from the delegate's inputs to its outputs."""
    producers = {int(tensor): operation for operation in operations for tensor in operation["outputs"]}
    inputs = {int(tensor) for tensor in delegate["inputs"]}
    pending = [int(tensor) for tensor in delegate["outputs"]]
    found: set[int] = set()
    while pending:
        tensor = pending.pop()
        operation = producers.get(tensor)
        if tensor in inputs or operation is None or operation["index"] in found:
            continue
        found.add(operation["index"])
        pending += [int(tensor) for tensor in operation["inputs"]]
    return found
