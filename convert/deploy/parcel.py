"""A bundle as it travels: only the files that it names, each checked on this side before anything is sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from convert.bundle.writer import CARD_FILE, MANIFEST_FILE
from convert.deploy.errors import UnfitBundleError
from edge.errors import InputError
from edge.inference import Manifest, load_bundle, verify_bundle


@dataclass(frozen=True)
class File:
    """One file of a bundle: a plain name, and its bytes."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Parcel:
    """A verified bundle, ready to travel."""

    manifest: Manifest
    files: tuple[File, ...]

    @property
    def size_bytes(self) -> int:
        return sum(len(file.content) for file in self.files)


def pack(folder: Path) -> Parcel:
    """Check hashes and golden vectors of the bundle in ``folder`` on this machine, and read its files.

    The manifest, what it names and the card: nothing else in the folder travels, and no link but to what the
    manifest's hashes vouch for.

    Raises:
        InputError: there is no bundle in ``folder``.
        ModelError: the bundle is damaged, or doesn't repeat its golden vectors here.
    """
    _check_folder(folder)
    bundle = load_bundle(folder)
    _check_drift(folder, [drift.output for drift in verify_bundle(bundle) if not drift.passed])
    manifest = bundle.manifest
    names = {MANIFEST_FILE, manifest.golden.file, *(spec.file for spec in manifest.networks.values())}
    card = folder / CARD_FILE
    if card.is_file() and not card.is_symlink():
        names.add(CARD_FILE)
    return Parcel(manifest, tuple(File(name, (folder / name).read_bytes()) for name in sorted(names)))


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give that of a bundle, such as models/eyes")
    if not (folder / MANIFEST_FILE).is_file():
        inside = ", ".join(sorted(str(manifest.parent) for manifest in folder.glob(f"*/{MANIFEST_FILE}")))
        advice = f"give one of the bundles in it: {inside}" if inside else "give that of a bundle, such as models/eyes"
        raise InputError(f"{folder}: no bundle, {MANIFEST_FILE} isn't in this folder; {advice}")


def _check_drift(folder: Path, outputs: list[str]) -> None:
    if outputs:
        raise UnfitBundleError(
            f"{folder}: doesn't repeat its golden vectors on this machine ({', '.join(outputs)}), so it isn't "
            "deployed; `vigil models verify` says by how much, convert the network again"
        )
