"""``vigil models verify``: are the bundles whole, and does this device compute what the workstation did?"""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.errors import ModelError
from edge.inference import Drift, default_models_dir, load_bundle, verify_bundle

OK = 0


def verify(arguments: argparse.Namespace) -> int:
    """Say of each bundle whether it passes; exit status 65 if one doesn't."""
    folder = arguments.models or default_models_dir()
    bundles = find_bundles(folder)
    if not bundles:
        raise ModelError(f"{folder}: no bundle in this folder; give the right one with --models")
    results = [_verify(path) for path in bundles]
    return OK if all(results) else ModelError.exit_status


def find_bundles(folder: Path) -> list[Path]:
    """The folders in ``folder`` that hold a manifest, by name."""
    return sorted(manifest.parent for manifest in folder.glob("*/manifest.json"))


def _verify(path: Path) -> bool:
    try:
        drifts = verify_bundle(load_bundle(path))
    except ModelError as error:
        print(f"FAILED  {error}")
        return False
    drifted = [drift for drift in drifts if not drift.passed]
    worst = max(drift.steps for drift in drifts)
    if drifted:
        print(f"FAILED  {path.name}: {'; '.join(map(_in_words, drifted))}")
    else:
        print(f"pass    {path.name}: {len(drifts)} outputs, largest difference {worst:g} steps of int8")
    return not drifted


def _in_words(drift: Drift) -> str:
    return f"output {drift.output!r} of {drift.network} drifted by {drift.steps:g} steps"
