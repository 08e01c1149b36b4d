"""Writes a bundle's folder: whole or not at all, and checked before it takes the place of another."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.bundle.card import Card, format_card
from convert.bundle.golden import golden_archive
from edge.errors import ModelError
from edge.inference import Manifest, Network, NetworkSpec, Task, load_bundle, verify_bundle
from edge.inference.manifest import Conversion, FileSpec, InputSpec, Metrics, Training
from edge.inference.verify import golden_key

GOLDEN_FILE = "golden.npz"
MANIFEST_FILE = "manifest.json"
CARD_FILE = "README.md"


class BundleWriteError(ModelError):
    """A bundle can't be written, or doesn't stand its own test."""


@dataclass(frozen=True)
class NetworkDraft:
    """One network of a bundle.

    ``model`` is the TFLite file, ``outputs`` its outputs' names in the order of the file, ``golden`` uint8 pixels
    ``(n, height, width, channels)`` in the network's colour order, ``golden_float`` what the float network makes of
    them, by output.  ``conversion`` tells how it became int8.
    """

    model: bytes
    input: InputSpec
    outputs: tuple[str, ...]
    macs: int
    golden: NDArray[np.uint8]
    golden_float: Mapping[str, NDArray[np.float32]]
    conversion: Conversion | None = None


@dataclass(frozen=True)
class BundleDraft:
    """Everything that a bundle says, before it has hashes."""

    task: Task
    version: str
    networks: Mapping[str, NetworkDraft]
    training: Training
    card: Card
    labels: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    temperature: float = 1.0
    metrics: tuple[Metrics, ...] = ()


def write_bundle(draft: BundleDraft, out: Path) -> Manifest:
    """Write the bundle to the folder ``out`` and return its manifest.

    The files are written beside ``out``, read back and run on this machine; only then do they replace what ``out``
    held.  If anything fails, ``out`` stays as it was.

    Raises:
        BundleWriteError: ``out`` is something else than a bundle or an empty place, can't be written, or the
            golden vectors don't repeat.
        ModelError: the networks or the manifest break a rule of the format.
    """
    _check_place(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
            folder = Path(temporary) / out.name
            folder.mkdir()
            manifest = _write_files(draft, folder)
            _check_written(folder, draft.task)
            _replace(out, folder, Path(temporary) / "replaced")
    except OSError as error:
        raise BundleWriteError(
            f"{out}: can't write the bundle here ({error.strerror}: {error.filename}); what was here stays"
        ) from error
    return manifest


def _check_place(out: Path) -> None:
    occupied = out.exists() and (not out.is_dir() or any(out.iterdir()))
    if occupied and not (out / MANIFEST_FILE).is_file():
        raise BundleWriteError(
            f"{out}: a bundle replaces only another bundle, this holds something else; give an unused name with --out"
        )


def _write_files(draft: BundleDraft, folder: Path) -> Manifest:
    specs: dict[str, NetworkSpec] = {}
    golden: dict[str, NDArray[Any]] = {}
    for name, network in draft.networks.items():
        file = _write(folder, f"{name}.tflite", network.model)
        specs[name] = NetworkSpec(
            file=file.file, sha256=file.sha256, input=network.input, outputs=network.outputs, macs=network.macs
        )
        golden |= _golden(name, network, specs[name])
    manifest = Manifest(
        name=draft.task.value,
        task=draft.task,
        version=draft.version,
        networks=specs,
        golden=_write(folder, GOLDEN_FILE, golden_archive(golden)),
        labels=draft.labels,
        thresholds=dict(draft.thresholds),
        temperature=draft.temperature,
        metrics=draft.metrics,
        conversions={name: part.conversion for name, part in draft.networks.items() if part.conversion},
        training=draft.training,
    )
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (folder / MANIFEST_FILE).write_text(text + "\n", "utf-8")
    (folder / CARD_FILE).write_text(format_card(draft.card, manifest), "utf-8")
    return manifest


def _write(folder: Path, name: str, content: bytes) -> FileSpec:
    (folder / name).write_bytes(content)
    return FileSpec(file=name, sha256=hashlib.sha256(content).hexdigest())


def _golden(name: str, draft: NetworkDraft, spec: NetworkSpec) -> dict[str, NDArray[Any]]:
    """The golden arrays of one network, by their names in the archive."""
    network = Network(draft.model, spec, shape=(1, *draft.golden.shape[1:]))
    raw: dict[str, list[NDArray[Any]]] = {output: [] for output in spec.outputs}
    for pixels in draft.golden:
        network.invoke(pixels[None])
        for output in spec.outputs:
            raw[output].append(network.raw(output))
    arrays: dict[str, NDArray[Any]] = {golden_key(name, "input"): draft.golden}
    for output in spec.outputs:
        arrays[golden_key(name, output, "int8")] = np.concatenate(raw[output])
        arrays[golden_key(name, output, "float")] = draft.golden_float[output].astype(np.float32)
    return arrays


def _check_written(folder: Path, task: Task) -> None:
    failed = [drift for drift in verify_bundle(load_bundle(folder, task)) if not drift.passed]
    if failed:
        worst = max(failed, key=lambda drift: drift.steps)
        raise BundleWriteError(
            f"{task.value}: the golden vectors don't repeat: {worst.network}/{worst.output} differs by "
            f"{worst.steps:.0f} steps; convert the network again"
        )


def _replace(out: Path, written: Path, aside: Path) -> None:
    """Put ``written`` in the place of ``out``; what was there goes ``aside``, and comes back if that fails."""
    if not out.exists():
        written.rename(out)
        return
    out.rename(aside)
    try:
        written.rename(out)
    except OSError:
        aside.rename(out)
        raise
    shutil.rmtree(aside)
