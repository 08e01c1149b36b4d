"""``vigil models repair``: a damaged bundle gives way to the one from before."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
from pathlib import Path

from edge.errors import ModelError
from edge.inference import Task, default_models_dir, shipped_models_dir
from edge.service.bundles import require_verified

log = logging.getLogger(__name__)

OK = 0

KEPT = ".deploy"
"""Below the folder of bundles: where a deployment keeps the one from before, as ``<task>/previous/<task>``."""


def repair(arguments: argparse.Namespace) -> int:
    """Repair what is damaged; exit status 65 if something is and there is no whole bundle to put in its place."""
    models = arguments.models or default_models_dir()
    damaged = [task for task in Task if _is_meant_to_be(models, task) and fault_of(models, task)]
    repaired = [repair_bundle(models, task) for task in damaged]
    return OK if all(repaired) else ModelError.exit_status


def _is_meant_to_be(models: Path, task: Task) -> bool:
    """Whether there is a bundle, or was until a power cut in the middle of its repair."""
    return (models / task.value).is_dir() or (models / KEPT / task.value / "damaged").is_dir()


def fault_of(models: Path, task: Task) -> str:
    """What is wrong with the bundle for ``task`` in the folder ``models``; empty if nothing."""
    try:
        require_verified(models, {task})
    except ModelError as error:
        return str(error)
    return ""


def repair_bundle(models: Path, task: Task) -> bool:
    """Put a whole bundle in the place of a damaged one; False if there is none."""
    log.error("%s", fault_of(models, task))
    for origin in (models / KEPT / task.value / "previous", shipped_models_dir()):
        if origin.resolve() != models.resolve() and (origin / task.value).is_dir() and not fault_of(origin, task):
            _replace(models, task, origin / task.value)
            log.error("%s: the bundle of %s is in force instead", models / task.value, origin)
            return True
    log.error("%s: no whole bundle is kept; install or deploy it again", models / task.value)
    return False


def _replace(models: Path, task: Task, whole: Path) -> None:
    """Copy, and then rename: if the power fails between the two renames, the next start repairs again."""
    folder = models / KEPT / task.value
    fresh, damaged = folder / "repair", folder / "damaged"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(whole, fresh)
    os.sync()
    if (models / task.value).is_dir():
        shutil.rmtree(damaged, ignore_errors=True)
        (models / task.value).rename(damaged)
    fresh.rename(models / task.value)
    os.sync()
