"""Golden vectors: does this device's runtime compute what the workstation's did?"""

from __future__ import annotations

import io
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np

from edge.inference.bundle import Bundle, BundleError, read_verified

MAX_DRIFT_STEPS = 2.0
"""Allowed difference in quantization steps: kernels may round differently, not compute differently."""


@dataclass(frozen=True)
class Drift:
    """The largest difference of one output from its golden values, in quantization steps."""

    network: str
    output: str
    steps: float

    @property
    def passed(self) -> bool:
        return self.steps <= MAX_DRIFT_STEPS


def golden_key(network: str, what: str, kind: str = "") -> str:
    """The name of an array in ``golden.npz``: ``pnet/input`` or ``pnet/face/int8``."""
    return f"{network}/{what}/{kind}" if kind else f"{network}/{what}"


def verify_bundle(bundle: Bundle) -> list[Drift]:
    """Run every golden input through this device's runtime.

    ``golden.npz`` holds, for each network, ``<network>/input`` uint8 pixels ``(n, height, width, channels)`` and
    for each output ``<network>/<output>/int8`` (raw values) and ``<network>/<output>/float`` (the Keras network's).
    """
    content = read_verified(bundle.path, bundle.manifest.golden)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            golden = {name: archive[name] for name in archive.files}
        _check_labels(bundle, golden)
        return [drift for name in bundle.manifest.networks for drift in _verify_network(bundle, name, golden)]
    except (KeyError, ValueError, EOFError, OSError, BadZipFile) as error:
        raise BundleError(f"{bundle.path / bundle.manifest.golden.file}: unreadable golden vectors: {error}") from error


def _check_labels(bundle: Bundle, golden: dict[str, np.ndarray]) -> None:
    """Refuse a classifier whose manifest names more or fewer labels than its network has logits."""
    manifest = bundle.manifest
    if not manifest.task.is_classifier:
        return
    logits = golden[golden_key(manifest.task.value, "logits", "int8")].shape[-1]
    if logits != len(manifest.labels):
        raise BundleError(
            f"{bundle.path / 'manifest.json'}: labels: {len(manifest.labels)} for the network's {logits} logits; "
            "a label is missing or one too many"
        )


def _verify_network(bundle: Bundle, name: str, golden: dict[str, np.ndarray]) -> list[Drift]:
    spec = bundle.manifest.networks[name]
    inputs = golden[golden_key(name, "input")]
    network = bundle.network(name, shape=(1, *inputs.shape[1:]))
    found: dict[str, list[np.ndarray]] = {output: [] for output in spec.outputs}
    for pixels in inputs:
        network.invoke(pixels[None])
        for output in spec.outputs:
            found[output].append(network.raw(output))
    return [
        Drift(name, output, _steps(np.concatenate(arrays), golden[golden_key(name, output, "int8")]))
        for output, arrays in found.items()
    ]


def _steps(raw: np.ndarray, golden: np.ndarray) -> float:
    if raw.shape != golden.shape:
        raise ValueError(f"golden output has shape {golden.shape}, the network gives {raw.shape}")
    return float(np.abs(raw.astype(np.float64) - golden.astype(np.float64)).max(initial=0.0))
