"""One TFLite network, allocated once for a fixed input shape."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.inference.manifest import NetworkSpec
from edge.inference.runtime import build_interpreter

_SIGN_FLIPPED = np.arange(-128, 128).astype(np.int8)
"""The table of a network whose real values are (pixel - 127.5) / 128 or the like, at int8's natural scale: it is one
operation on bits, ten times as fast as looking up."""


class NetworkError(ModelError):
    """A network's tensors are not what its manifest says, or its input isn't what it takes."""


class Network:
    """``network(pixels)`` runs it: pixels uint8 ``(n, height, width, channels)`` in the manifest's colour order.

    Normalisation and quantization are one 256-entry table from pixel to int8, so no float image is ever made.
    """

    def __init__(
        self, model: bytes, spec: NetworkSpec, *, shape: tuple[int, int, int, int] | None = None, threads: int = 1
    ) -> None:
        self.shape = shape or spec.input.shape
        self._interpreter = _allocated(model, self.shape, threads)
        (self._input,) = self._interpreter.get_input_details()
        details = self._interpreter.get_output_details()
        if len(details) != len(spec.outputs):
            raise NetworkError(f"has {len(details)} outputs, the manifest names {list(spec.outputs)}")
        if self._input["dtype"] != np.dtype(spec.input.dtype):
            raise NetworkError(f"takes {np.dtype(self._input['dtype']).name}, the manifest says {spec.input.dtype}")
        self._outputs = dict(zip(spec.outputs, details, strict=True))
        self._reals = {name: _real_table(details) for name, details in self._outputs.items()}
        self._view = self._interpreter.tensor(self._input["index"])
        self._table = _pixel_table(spec, self._input)
        self._flips_sign = np.array_equal(self._table, _SIGN_FLIPPED)

    def __call__(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Run once; every output by name as float32 in the shape of the network."""
        self.invoke(pixels)
        return {name: self.real(name) for name in self._outputs}

    def invoke(self, pixels: NDArray[np.uint8]) -> None:
        """Fill the input and run; read with :meth:`raw` or :meth:`real`."""
        if pixels.shape != self.shape or pixels.dtype != np.uint8:
            raise NetworkError(f"expected uint8 pixels of shape {self.shape}, received {pixels.dtype} {pixels.shape}")
        self._fill(pixels)
        self._interpreter.invoke()

    def _fill(self, pixels: NDArray[np.uint8]) -> None:
        """Look the pixels up in the table, into the input tensor itself: a view of it that lives on blocks invoke."""
        if self._flips_sign:
            np.bitwise_xor(pixels, 0x80, out=self._view().view(np.uint8))
            return
        # cv2.LUT is several times faster than numpy's take, but wants a 2-d image.
        rows = self.shape[0] * self.shape[1]
        cv2.LUT(np.ascontiguousarray(pixels).reshape(rows, -1), self._table, self._view().reshape(rows, -1))

    def raw(self, name: str) -> NDArray[Any]:
        """Output ``name`` as the network holds it (int8 in an int8 network), copied."""
        return self._interpreter.get_tensor(self._outputs[name]["index"])

    def scale_and_zero_point(self, name: str) -> tuple[float, int]:
        """Real value = (raw - zero point) * scale; ``(0.0, 0)`` for a float output."""
        return self._outputs[name]["quantization"]

    def real(self, name: str, rows: NDArray[np.intp] | None = None) -> NDArray[np.float32]:
        """Output ``name`` as float32; with ``rows`` only these of it, seen as ``(n, channels)``."""
        raw = self.raw(name)
        if rows is not None:
            raw = raw.reshape(-1, raw.shape[-1])[rows]
        table = self._reals[name]
        return dequantize(raw, self._outputs[name]) if table is None else table.take(raw.view(np.uint8))


def _allocated(model: bytes, shape: tuple[int, int, int, int], threads: int) -> Any:
    """An interpreter that is ready for an input of ``shape``."""
    try:
        interpreter = build_interpreter(model, threads)
        (given,) = interpreter.get_input_details()
        if tuple(given["shape"]) != shape:
            interpreter.resize_tensor_input(given["index"], shape, strict=False)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise NetworkError(f"can't be built for an input of shape {shape}: {_first_line(error)}") from error
    return interpreter


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def dequantize(raw: NDArray[Any], details: dict[str, Any]) -> NDArray[np.float32]:
    """Real values of a quantized tensor; widened first, since int8 minus a zero point overflows."""
    scale, zero_point = details["quantization"]
    if scale == 0:
        return raw.astype(np.float32, copy=False)
    return (raw.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)


def _real_table(details: dict[str, Any]) -> NDArray[np.float32] | None:
    """``(256,)``: the real value of each byte of an int8 output; ``None`` for one of another type.

    One look into it is a third of the operations, of which each costs more than the few numbers of an output.
    """
    if details["dtype"] != np.int8:
        return None
    return dequantize(np.arange(256, dtype=np.uint8).view(np.int8), details)


def _pixel_table(spec: NetworkSpec, details: dict[str, Any]) -> NDArray[Any]:
    """``(256,)``: for each pixel value what the input tensor holds."""
    real = spec.input.normalise(np.arange(256, dtype=np.uint8))
    if details["dtype"] == np.float32:
        return real
    scale, zero_point = details["quantization"]
    limits = np.iinfo(details["dtype"])
    return np.clip(np.rint(real / scale) + zero_point, limits.min, limits.max).astype(details["dtype"])
