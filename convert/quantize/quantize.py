"""One call from a trained network to a checked int8 file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from convert.quantize.calibration import input_of_whole_levels, with_full_range
from convert.quantize.equalise import equalised
from convert.quantize.outputs import without_outputs
from convert.quantize.parity import Parity, compare
from convert.quantize.rewrite import rewrite_for_device, without_softmax
from convert.quantize.run import run_file, run_float
from convert.quantize.signature import outputs_in_file_order
from convert.quantize.stem import fill_stem
from convert.quantize.tflite import ConversionError, convert_int8, saved
from convert.quantize.timing import milliseconds
from edge.inference.manifest import InputSpec
from edge.inference.operations import Operation, count_macs, operations

MAX_RELATIVE_ERROR = 0.25
"""An output's root mean square error may be this share of its spread; sound trained networks stay below 0.1."""

MAX_REWRITING_ERROR = 1e-3
"""The same for the rewritten network in float32, which differs by the order of its sums only."""

REWRITING_INPUTS = 32


@dataclass(frozen=True)
class QuantizedNetwork:
    """An int8 TFLite file and what was found out about it.

    ``input`` is what the device feeds; ``outputs`` are the names in the order of the file; ``macs`` counts one run.
    ``float_model`` is the float32 file of the same network and ``trained_input`` what that one is fed; ``tuned``
    tells that the int8 weights were fine-tuned.  The two times are for one thread, milliseconds a run.
    """

    name: str
    model: bytes
    float_model: bytes
    input: InputSpec
    trained_input: InputSpec
    outputs: tuple[str, ...]
    macs: int
    tuned: bool
    calibration_inputs: int
    checked_inputs: int
    operations: tuple[Operation, ...]
    parity: tuple[Parity, ...]
    int8_ms: float
    float_ms: float

    def run(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """The int8 outputs by name, for uint8 ``pixels`` ``(n, height, width, channels)``."""
        return run_file(self.model, self.input, pixels)

    def run_float(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """The float network's outputs by name."""
        return run_file(self.float_model, self.trained_input, pixels)


def quantize(
    network: keras.Model,
    trained_input: InputSpec,
    calibration: NDArray[np.uint8],
    check: NDArray[np.uint8],
    *,
    tuned: keras.Model | None = None,
    unread: Collection[str] = (),
    allow_slow_operations: bool = False,
) -> QuantizedNetwork:
    """Convert ``network`` to full-integer int8 and check the result against it.

    ``trained_input`` is what the network was trained on; its shape is the one that the file gets.  ``calibration``
    and ``check`` are uint8 pixels ``(n, height, width, channels)`` in the network's colour order: the first sets the
    ranges of the activations, the second, which should be others, measures the loss.  A softmax at the end is left
    out of the file, its logits are the output.  ``tuned`` is the network as :func:`device_network` gives it,
    fine-tuned for int8: the file is made of it, and checked against ``network``.  The outputs named ``unread`` are left
    out of the file.

    Raises:
        CalibrationError: the pixels don't fit the input.
        RewriteError: a layer has no equivalent on the device.
        ConversionError: an operation isn't delegated to XNNPACK (``allow_slow_operations`` lets that pass), or an
            output strays from the float network's.
    """
    device_input = input_of_whole_levels(trained_input)
    pixels = with_full_range(calibration, device_input.shape)
    rewritten = device_network(equalised(network, trained_input.normalise(calibration)), trained_input)
    real = device_input.normalise(pixels)
    with saved(rewritten) as files:
        model = lighten(convert_int8(tuned, real) if tuned else files.int8(real), unread)
        float_model = without_outputs(files.float32(), unread)
    _check_rewriting(network, float_model, trained_input, check[:REWRITING_INPUTS])
    quantized = QuantizedNetwork(
        name=network.name,
        model=model,
        float_model=float_model,
        input=device_input,
        trained_input=trained_input,
        outputs=outputs_in_file_order(model),
        macs=count_macs(model),
        tuned=tuned is not None,
        calibration_inputs=len(calibration),
        checked_inputs=len(check),
        operations=operations(model),
        parity=compare(run_file(float_model, trained_input, check), run_file(model, device_input, check)),
        int8_ms=milliseconds(model),
        float_ms=milliseconds(float_model),
    )
    if not allow_slow_operations:
        _check_operations(quantized)
    _check_parity(quantized)
    return quantized


def lighten(model: bytes, unread: Collection[str] = ()) -> bytes:
    """The int8 ``model`` without its outputs named ``unread``, in a form that computes the others faster.

    What it answers stays the same, bit for bit.
    """
    return fill_stem(without_outputs(model, unread))


def device_network(network: keras.Model, trained_input: InputSpec) -> keras.Model:
    """``network`` in the form that is converted: rewritten, normalizations folded, without a softmax at the end."""
    return rewrite_for_device(without_softmax(network), trained_input.shape[1:])


def _check_rewriting(network: keras.Model, float_model: bytes, spec: InputSpec, pixels: NDArray[np.uint8]) -> None:
    trained, found = run_float(without_softmax(network), spec, pixels), run_file(float_model, spec, pixels)
    for parity in compare({output: trained[output] for output in found}, found):
        if parity.relative_error > MAX_REWRITING_ERROR:
            raise ConversionError(
                f"{network.name}: output {parity.output!r} of the network as rewritten for the device strays by "
                f"{parity.relative_error:.4f} of its spread in float32, the limit is {MAX_REWRITING_ERROR}; a layer "
                "of this kind is not supported"
            )


def _check_operations(quantized: QuantizedNetwork) -> None:
    left = sorted({operation.name for operation in quantized.operations if not operation.delegated})
    if left:
        raise ConversionError(
            f"{quantized.name}: XNNPACK must run every operation, it leaves {', '.join(left)}; rewrite these layers "
            "with operations that have an int8 kernel, or accept a slow network with --allow-slow-operations"
        )


def _check_parity(quantized: QuantizedNetwork) -> None:
    for parity in quantized.parity:
        if parity.relative_error > MAX_RELATIVE_ERROR:
            raise ConversionError(
                f"{quantized.name}: output {parity.output!r} in int8 strays from float by "
                f"{parity.relative_error:.2f} of its spread, the limit is {MAX_RELATIVE_ERROR}; "
                "calibrate with more inputs, of the kind that the device sees"
            )
