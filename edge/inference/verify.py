"""Golden vectors: does this device's runtime compute what the workstation's did?"""

from __future__ import annotations

import io
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np

from edge.inference.bundle import Bundle, BundleError, read_verified
from edge.inference.network import Network

MAX_DRIFT_STEPS = 2.0
"""So far from the workstation's answers, in quantization steps, those of the same kernels may be."""

MAX_ERROR_RATIO = 2.0
"""Other kernels round elsewhere (those of tflite-runtime without XNNPACK by up to 11 steps): they may be this many
times as far from the float network's answers as the workstation's int8 is.  Who computes something else is farther."""

MAX_GOLDEN_ERROR = 0.35
"""Golden int8 values farther from the float network's than this share of their spread are no measure of anything."""


@dataclass(frozen=True)
class Drift:
    """How far one output is from its golden values.

    ``steps``: the largest difference from the workstation's int8 values, in quantization steps.  ``error_ratio``: the
    root mean square error against the float network's values, in that of the workstation's int8 or in steps, whichever
    is more; infinite where the golden values themselves are farther off than :data:`MAX_GOLDEN_ERROR`.
    """

    network: str
    output: str
    steps: float
    error_ratio: float

    @property
    def passed(self) -> bool:
        return self.steps <= MAX_DRIFT_STEPS or self.error_ratio <= MAX_ERROR_RATIO


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
        _drift(
            network,
            name,
            output,
            np.concatenate(arrays),
            golden[golden_key(name, output, "int8")],
            golden[golden_key(name, output, "float")],
        )
        for output, arrays in found.items()
    ]


def _drift(
    network: Network, name: str, output: str, raw: np.ndarray, golden_raw: np.ndarray, golden_float: np.ndarray
) -> Drift:
    for kind, golden in (("int8", golden_raw), ("float", golden_float)):
        if raw.shape != golden.shape:
            raise ValueError(f"golden {kind} output has shape {golden.shape}, the network gives {raw.shape}")
    scale, zero_point = network.scale_and_zero_point(output)
    exact = golden_float.astype(np.float64) / (scale or 1.0) + zero_point
    here, there = _root_mean_square(raw - exact), _root_mean_square(golden_raw - exact)
    steps = float(np.abs(raw.astype(np.float64) - golden_raw.astype(np.float64)).max(initial=0.0))
    spread = float(np.sqrt(exact.reshape(-1, exact.shape[-1]).var(axis=0).mean()))
    sound = there <= max(MAX_GOLDEN_ERROR * spread, 1.0)
    return Drift(name, output, steps, here / max(there, 1.0) if sound else np.inf)


def _root_mean_square(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(errors**2))) if errors.size else 0.0
