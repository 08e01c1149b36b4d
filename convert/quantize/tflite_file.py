"""A TFLite file as objects that can be changed, by the schema that TensorFlow brings along."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python import schema_py_generated as schema

_IDENTIFIER = b"TFL3"

_OLD_CODES = 127
"""Codes of operations up to here stand in a field of one byte as well, for readers of before 2020."""


class TfliteFile:
    """The one subgraph of a model's ``bytes``: its operations in order, and its tensors by index."""

    def __init__(self, model: bytes) -> None:
        self._model = schema.ModelT.InitFromPackedBuf(model, 0)
        (self.graph,) = self._model.subgraphs
        (self.signature,) = self._model.signatureDefs

    def __bytes__(self) -> bytes:
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self._model.Pack(builder), _IDENTIFIER)
        return bytes(builder.Output())

    @property
    def operations(self) -> list[Any]:
        """The operations, as a list that may be changed."""
        return self.graph.operators

    def kind(self, operation: Any) -> int:
        """One of ``schema.BuiltinOperator``."""
        return int(self._model.operatorCodes[operation.opcodeIndex].builtinCode)

    def tensor(self, index: int) -> Any:
        """The tensor that an operation's ``inputs`` or ``outputs`` name."""
        return self.graph.tensors[index]

    def constant(self, index: int, dtype: type[np.generic]) -> NDArray[Any]:
        """The values of a tensor that the file holds."""
        tensor = self.tensor(index)
        values = np.frombuffer(bytes(self._model.buffers[tensor.buffer].data), dtype)
        return values.reshape([int(side) for side in tensor.shape])

    def set_constant(self, index: int, values: NDArray[Any], scales: NDArray[np.float32]) -> None:
        """Give a tensor with a scale for each channel other ``values`` and ``scales``; zero points are 0."""
        tensor = self.tensor(index)
        tensor.shape, tensor.buffer = list(values.shape), self._buffer(values)
        tensor.quantization.scale = scales
        tensor.quantization.zeroPoint = np.zeros(len(scales), np.int64)

    def add_activation(self, like: int, shape: Sequence[int], name: str) -> int:
        """The index of a new tensor, of the type and scale of ``like``."""
        tensor = copy.deepcopy(self.tensor(like))
        tensor.name, tensor.shape, tensor.shapeSignature = name.encode(), list(shape), None
        return self._add(tensor)

    def add_shape(self, sides: Sequence[int], name: str) -> int:
        """The index of a new constant that names a shape."""
        tensor = schema.TensorT()
        tensor.name, tensor.type, tensor.shape = name.encode(), schema.TensorType.INT32, [len(sides)]
        tensor.buffer = self._buffer(np.array(sides, np.int32))
        return self._add(tensor)

    def operation(self, kind: str, inputs: Sequence[int], output: int, **options: Any) -> Any:
        """A new operation, not yet among :attr:`operations`: ``operation("RESHAPE", …, newShape=…)``."""
        made = schema.OperatorT()
        made.opcodeIndex = self._code(getattr(schema.BuiltinOperator, kind))
        made.inputs, made.outputs = list(inputs), [output]
        name = "".join(part.capitalize() for part in kind.split("_")) + "Options"
        made.builtinOptionsType = getattr(schema.BuiltinOptions, name)
        made.builtinOptions = getattr(schema, f"{name}T")()
        for option, value in options.items():
            setattr(made.builtinOptions, option, value)
        return made

    def _code(self, kind: int) -> int:
        codes = self._model.operatorCodes
        for index, code in enumerate(codes):
            if code.builtinCode == kind:
                return index
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = kind, min(kind, _OLD_CODES), 1
        codes.append(code)
        return len(codes) - 1

    def _add(self, tensor: Any) -> int:
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def _buffer(self, values: NDArray[Any]) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return len(self._model.buffers) - 1
