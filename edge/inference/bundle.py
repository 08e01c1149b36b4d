"""Reading a bundle: a folder with a manifest, networks and golden vectors, every file's hash checked."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import ValidationError

from edge.errors import ModelError
from edge.inference.manifest import FORMAT, FileSpec, Manifest, Task
from edge.inference.network import Network, NetworkError

MAX_MANIFEST_BYTES = 1 << 20
MODELS_VARIABLE = "VIGIL_MODELS"


class BundleError(ModelError):
    """A bundle is missing, damaged, of an unknown format or for another task."""


@dataclass(frozen=True)
class Bundle:
    """A verified bundle: its folder, its manifest, and its networks' bytes as they were hashed."""

    path: Path
    manifest: Manifest
    models: dict[str, bytes]
    network_class: ClassVar[type[Network]] = Network

    def network(self, name: str, *, shape: tuple[int, int, int, int] | None = None, threads: int = 1) -> Network:
        """The network ``name``, allocated for ``shape`` ``(n, height, width, channels)`` or its own shape.

        Raises:
            ModelError: where this device's runtime can't build it; names the file.
        """
        spec = self.manifest.networks[name]
        try:
            return self.network_class(self.models[name], spec, shape=shape, threads=threads)
        except NetworkError as error:
            raise BundleError(f"{self.path / spec.file}: {error}") from error


def default_models_dir() -> Path:
    """``$VIGIL_MODELS``, else the environment's own (an installed service has them), else those that came along."""
    if named := os.environ.get(MODELS_VARIABLE):
        return Path(named)
    own = Path(sys.prefix) / "models"
    return own if own.is_dir() else shipped_models_dir()


def shipped_models_dir() -> Path:
    """The bundles installed with the package, else those of the checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def load_bundle(path: Path, task: Task | None = None) -> Bundle:
    """Read the bundle in folder ``path``, check every hash, and refuse it if it isn't for ``task``.

    Raises:
        BundleError: naming the file, the rule and what was found.
    """
    manifest = read_manifest(path, task)
    models = {name: read_verified(path, spec) for name, spec in manifest.networks.items()}
    read_verified(path, manifest.golden)
    return Bundle(path, manifest, models)


def read_manifest(path: Path, task: Task | None = None) -> Manifest:
    """What the bundle in folder ``path`` says of itself, without a look at its networks; refused as in `load_bundle`.

    Raises:
        BundleError: naming the file, the rule and what was found.
    """
    manifest = _parse_manifest(path / "manifest.json")
    if task is not None and manifest.task is not task:
        raise BundleError(f"{path}: expected a bundle for {task.value!r}, this one is for {manifest.task.value!r}")
    return manifest


def read_verified(folder: Path, spec: FileSpec) -> bytes:
    """The bytes of a bundle's file, whose SHA-256 must be the manifest's."""
    file = folder / spec.file
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BundleError(f"{file}: the manifest names this file, but it can't be read ({error.strerror})") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != spec.sha256:
        raise BundleError(
            f"{file}: damaged or changed: its SHA-256 is {digest[:12]}…, the manifest says {spec.sha256[:12]}…; "
            "install the bundle again"
        )
    return content


def _parse_manifest(file: Path) -> Manifest:
    try:
        if file.stat().st_size > MAX_MANIFEST_BYTES:
            raise BundleError(f"{file}: larger than {MAX_MANIFEST_BYTES} bytes, not a manifest")
        raw = json.loads(file.read_bytes())
    except OSError as error:
        raise BundleError(f"{file}: no bundle here ({error.strerror}); give the right folder with --models") from error
    except ValueError as error:
        raise BundleError(f"{file}: not valid JSON ({error}); install the bundle again") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        found = raw.get("format") if isinstance(raw, dict) else type(raw).__name__
        raise BundleError(f"{file}: bundle format {found!r} is unknown, this version of Vigil reads format {FORMAT}")
    try:
        return Manifest.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "manifest"
        rule = first["msg"].removeprefix("Value error, ")
        raise BundleError(f"{file}: {key}: {rule} ({error.error_count()} problem(s) in all)") from error
