"""The Keras networks of a checkpoint in the places of a bundle's int8 ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.bundle.checkpoint import (
    DETECTOR_MEAN,
    DETECTOR_SCALE,
    CheckpointError,
    load_network,
    network_files,
    read_report,
)
from convert.quantize.run import run_float
from edge.inference import Manifest
from edge.inference.manifest import InputSpec
from edge.vision.stages import FloatOutputs


class FloatNetwork(FloatOutputs):
    """A Keras network behind the interface of :class:`edge.inference.Network`."""

    def __init__(self, network: Any, spec: InputSpec) -> None:
        self._network, self._spec = network, spec

    def invoke(self, pixels: NDArray[np.uint8]) -> None:
        """Run on uint8 pixels ``(n, height, width, channels)`` in the network's colour order."""
        self.outputs = run_float(self._network, self._spec, pixels)


def float_networks(manifest: Manifest, checkpoint: Path) -> dict[str, FloatNetwork]:
    """The networks of a checkpoint by their names in the bundle, fed as in training."""
    files = network_files(checkpoint, manifest.task)
    if manifest.is_confirmed:
        files["onet"] = checkpoint / "onet.keras"
        if not files["onet"].is_file():
            raise CheckpointError(f"{files['onet']}: no such file; copy the cascade's O-Net there that confirms")
    networks = {}
    for name, file in files.items():
        mean, scale = _normalisation(manifest, checkpoint)
        spec = manifest.networks[name].input.model_copy(update={"dtype": "float32", "mean": mean, "scale": scale})
        networks[name] = FloatNetwork(load_network(file), spec)
    return networks


def _normalisation(manifest: Manifest, checkpoint: Path) -> tuple[float, float]:
    if manifest.task.is_detector:
        return DETECTOR_MEAN, DETECTOR_SCALE
    table = read_report(checkpoint).recipe["input"]
    return float(table["mean"]), float(table["scale"])
