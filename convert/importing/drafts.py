"""From a network in Vigil's conventions to its part of a bundle: quantized, calibrated and checked.

Needs Keras on the TensorFlow backend.
"""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from convert.bundle.parts import network_draft
from convert.bundle.writer import NetworkDraft
from convert.quantize.quantize import QuantizedNetwork, quantize
from edge.inference.manifest import InputSpec

CHECK_SHARE = 5
"""One of so many pictures is kept back to measure what int8 costs."""


def convert_network(
    network: keras.Model,
    spec: InputSpec,
    pixels: NDArray[np.uint8],
    *,
    allow_slow_operations: bool = False,
) -> tuple[QuantizedNetwork, NetworkDraft]:
    """Quantize ``network``, calibrated on most of ``pixels`` ``(n, height, width, channels)``, checked on the rest."""
    kept_back = np.arange(len(pixels)) % CHECK_SHARE == 0
    checked = pixels[kept_back]
    quantized = quantize(network, spec, pixels[~kept_back], checked, allow_slow_operations=allow_slow_operations)
    return quantized, network_draft(quantized, checked)
