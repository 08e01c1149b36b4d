"""Leaving out of a file what nobody reads."""

from __future__ import annotations

from collections.abc import Collection

from convert.quantize.tflite_file import TfliteFile


def without_outputs(model: bytes, unread: Collection[str]) -> bytes:
    """``model`` without its outputs named ``unread``, and without what leads to them alone."""
    if not unread:
        return model
    file = TfliteFile(model)
    kept = [output for output in file.signature.outputs if output.name.decode() not in unread]
    dropped = {output.tensorIndex for output in file.signature.outputs} - {output.tensorIndex for output in kept}
    file.signature.outputs = kept
    file.graph.outputs = [index for index in file.graph.outputs if index not in dropped]
    needed = {int(index) for index in file.graph.outputs}
    used = []
    for operation in reversed(file.operations):
        if needed & {int(index) for index in operation.outputs}:
            needed |= {int(index) for index in operation.inputs}
            used.append(operation)
    file.graph.operators = used[::-1]
    return bytes(file)
