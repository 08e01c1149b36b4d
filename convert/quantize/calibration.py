"""What the pixels of an int8 network's input look like, and the inputs from which its ranges are measured."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.inference.manifest import InputSpec


class CalibrationError(ModelError):
    """The inputs given for calibration don't fit the network."""


def input_of_whole_levels(trained: InputSpec) -> InputSpec:
    """The int8 input for a network that was trained on ``trained``, with the mean rounded up to a whole grey level.

    Int8 has exactly 256 values.  With a mean of 127.5 every pixel would fall half-way between two of them, and
    rounding would merge pairs of grey levels; with 128 the int8 value is the pixel less 128, and all that the
    network sees of it is a picture darker by half a grey level.
    """
    return trained.model_copy(update={"mean": float(math.ceil(trained.mean)), "dtype": "int8"})


def with_full_range(pixels: NDArray[np.uint8], shape: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """The calibration ``pixels`` with one black and one white value, so that the input's range is the full one.

    Raises:
        CalibrationError: not uint8, not ``(n, height, width, channels)`` for the network's ``shape``, empty, or
            without any content.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != shape[1:] or len(pixels) == 0:
        raise CalibrationError(
            f"calibration: expected uint8 pixels (n, {shape[1]}, {shape[2]}, {shape[3]}) with n at least 1, "
            f"received {pixels.dtype} {pixels.shape}"
        )
    if (pixels == pixels[:1, :1, :1]).all():
        raise CalibrationError(
            f"calibration: all pixels of all {len(pixels)} inputs are {pixels[0, 0, 0].tolist()}; without content no "
            "range can be measured, give pictures of the kind that the device sees"
        )
    full = pixels.copy()
    full[0].flat[0], full[0].flat[-1] = 0, 255
    return full
