"""One call from a trained network to a checked int8 file."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from convert.quantize.calibration import input_of_whole_levels, with_full_range
from convert.quantize.delegation import undelegated_operations
from convert.quantize.macs import count_macs
from convert.quantize.parity import Parity, compare
from convert.quantize.rewrite import rewrite_for_device, without_softmax
from convert.quantize.run import run_float, run_int8
from convert.quantize.signature import outputs_in_file_order
from convert.quantize.tflite import ConversionError, convert_float32, convert_int8
from edge.inference.manifest import InputSpec
from edge.inference.runtime import build_interpreter

MAX_RELATIVE_ERROR = 0.25
"""An output's root mean square error may be this share of its spread; sound trained networks stay below 0.1."""

TIMED_RUNS = 50


@dataclass(frozen=True)
class QuantizedNetwork:
    """An int8 TFLite file and what was found out about it.

    ``input`` is what the device feeds; ``outputs`` are the names in the order of the file; ``macs`` counts one run;
    ``float_bytes`` and the two times (one thread, milliseconds a run) tell what int8 has brought.
    """

    name: str
    model: bytes
    input: InputSpec
    outputs: tuple[str, ...]
    macs: int
    parity: tuple[Parity, ...]
    float_bytes: int
    int8_ms: float
    float_ms: float


def quantize(
    network: keras.Model, trained_input: InputSpec, calibration: NDArray[np.uint8], check: NDArray[np.uint8]
) -> QuantizedNetwork:
    """Convert ``network`` to full-integer int8 and check the result against it.

    ``trained_input`` is what the network was trained on; its shape is the one that the file gets.  ``calibration``
    and ``check`` are uint8 pixels ``(n, height, width, channels)`` in the network's colour order: the first sets the
    ranges of the activations, the second, which should be others, measures the loss.  A softmax at the end is left
    out of the file, its logits are the output.

    Raises:
        CalibrationError: the pixels don't fit the input.
        ConversionError: an operation isn't delegated to XNNPACK, or an output strays from the float network's.
    """
    network = without_softmax(network)
    device_input = input_of_whole_levels(trained_input)
    pixels = with_full_range(calibration, device_input.shape)
    rewritten = rewrite_for_device(network, device_input.shape[1:])
    model = convert_int8(rewritten, device_input.normalise(pixels))
    float_model = convert_float32(rewritten)
    quantized = QuantizedNetwork(
        name=network.name,
        model=model,
        input=device_input,
        outputs=outputs_in_file_order(model),
        macs=count_macs(rewritten),
        parity=compare(run_float(network, trained_input, check), run_int8(model, device_input, check)),
        float_bytes=len(float_model),
        int8_ms=_milliseconds(model),
        float_ms=_milliseconds(float_model),
    )
    _check(quantized)
    return quantized


def _milliseconds(model: bytes) -> float:
    """The median time of one run on one thread."""
    interpreter = build_interpreter(model, threads=1)
    interpreter.allocate_tensors()
    interpreter.invoke()
    times = []
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        interpreter.invoke()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def _check(quantized: QuantizedNetwork) -> None:
    left = undelegated_operations(quantized.model)
    if left:
        raise ConversionError(
            f"{quantized.name}: XNNPACK must run every operation, it leaves {', '.join(sorted(set(left)))}; "
            "rewrite these layers with operations that have an int8 kernel"
        )
    for parity in quantized.parity:
        if parity.relative_error > MAX_RELATIVE_ERROR:
            raise ConversionError(
                f"{quantized.name}: output {parity.output!r} in int8 strays from float by "
                f"{parity.relative_error:.2f} of its spread, the limit is {MAX_RELATIVE_ERROR}; "
                "calibrate with more inputs, of the kind that the device sees"
            )
