"""Which operations of a TFLite file XNNPACK runs, and which are left to TFLite's slow reference kernels."""

from __future__ import annotations

from typing import Any, NamedTuple

from edge.inference.runtime import build_interpreter

DELEGATE = "DELEGATE"
"""The runtime's name for the node that stands for everything a delegate took over."""


class Operation(NamedTuple):
    """One operation of a file; ``delegated``: XNNPACK runs it."""

    name: str
    delegated: bool


def operations(model: bytes, shape: tuple[int, int, int, int] | None = None) -> tuple[Operation, ...]:
    """Every operation in the order of the file.

    ``shape`` ``(n, height, width, channels)``: the input shape to allocate for, the file's own if not given.
    """
    interpreter = build_interpreter(model, threads=1)
    if shape is not None:
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
    interpreter.allocate_tensors()
    nodes = interpreter._get_ops_details()
    own = [node for node in nodes if node["op_name"] != DELEGATE]
    delegated: set[int] = set()
    for node in nodes:
        if node["op_name"] == DELEGATE:
            delegated |= _between(own, node)
    return tuple(Operation(node["op_name"], node["index"] in delegated) for node in own)


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
