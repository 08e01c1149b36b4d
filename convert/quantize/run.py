"""Runs Keras networks and TFLite files on the same pixels.  Works on every backend of Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.quantize.signature import outputs_in_file_order
from edge.inference.manifest import InputSpec, NetworkSpec
from edge.inference.network import Network

BATCH = 64


def run_float(network: keras.Model, spec: InputSpec, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """The Keras network's float32 outputs by name, for uint8 ``pixels`` ``(n, height, width, channels)``."""
    batches = []
    for start in range(0, len(pixels), BATCH):
        outputs = named_outputs(network, network(spec.normalise(pixels[start : start + BATCH]), training=False))
        batches.append({name: keras.ops.convert_to_numpy(output) for name, output in outputs.items()})
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def run_file(model: bytes, spec: InputSpec, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """A file's outputs by name as float32, for uint8 ``pixels`` ``(n, height, width, channels)``.

    On one thread and one input at a time: the same bits whatever else the machine does.
    """
    outputs = outputs_in_file_order(model)
    unhashed = NetworkSpec(file="network.tflite", sha256="0" * 64, input=spec, outputs=outputs, macs=0)
    network = Network(model, unhashed)
    found = [network(image[None]) for image in pixels]
    return {name: np.concatenate([result[name] for result in found]) for name in outputs}


def named_outputs(network: keras.Model, outputs: Any) -> dict[str, Any]:
    """What a call of ``network`` gave, by name: a dictionary's keys, else the output layer's name."""
    if isinstance(outputs, dict):
        return dict(outputs)
    return dict(zip(network.output_names, keras.tree.flatten(outputs), strict=True))
