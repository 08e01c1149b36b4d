"""``vigil models verify``: are the bundles whole, and does this device compute what the workstation did?"""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.errors import ModelError
from edge.inference import Task, default_models_dir, load_bundle, verify_bundle
from edge.perception.senses import installed_tasks
from edge.service.bundles import drift_in_words

OK = 0

_TASKS = {task.value: task for task in Task}
"""What the bundle in a folder of that name must be for; any other name holds any bundle."""


def verify(arguments: argparse.Namespace) -> int:
    """Say of each bundle whether it passes; exit status 65 if one doesn't."""
    folder = arguments.models or default_models_dir()
    bundles = find_bundles(folder)
    if not bundles:
        raise ModelError(f"{folder}: no bundle in this folder; give the right one with --models")
    results = [_verify(path) for path in bundles]
    return OK if all(results) else ModelError.exit_status


def find_bundles(folder: Path) -> list[Path]:
    """The folders in ``folder`` that hold a manifest or are named as a task, by name."""
    with_manifest = {manifest.parent for manifest in folder.glob("*/manifest.json")}
    return sorted(with_manifest | {folder / task.value for task in installed_tasks(folder)})


def _verify(path: Path) -> bool:
    try:
        drifts = verify_bundle(load_bundle(path, _TASKS.get(path.name)))
    except ModelError as error:
        print(f"FAILED  {error}")
        return False
    drifted = [drift for drift in drifts if not drift.passed]
    worst = max(drift.steps for drift in drifts)
    if drifted:
        print(f"FAILED  {path.name}: {'; '.join(map(drift_in_words, drifted))}")
    else:
        print(f"pass    {path.name}: {len(drifts)} outputs, largest difference {worst:g} steps of int8")
    return not drifted
