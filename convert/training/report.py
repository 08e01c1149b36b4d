"""``training.json``: what a classifier's training was and how the network does on held-out people."""

from __future__ import annotations

import json
import logging
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.training.checkpoint import Checkpoint, Progress
from convert.training.files import replacing
from convert.training.recipe import BaseRecipe

log = logging.getLogger(__name__)

REPORT_FILE = "training.json"


def write_report(out: Path, recipe: BaseRecipe, figures: Mapping[str, Any], checkpoint: Checkpoint) -> None:
    """Write the report to the folder ``out``; ``figures`` are those of the data and the network, with ``accuracy``."""
    report = {
        "recipe": recipe.model_dump(mode="json"),
        **{key: checkpoint.identity.get(key) for key in ("seed", "backend", "initial")},
        **figures,
        **course(recipe, checkpoint.progress),
    }
    with replacing(out / REPORT_FILE) as partial:
        partial.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    log.info(
        "accuracy %.4f after %d epochs; %.1f %% of the training time waiting for data; %d MiB of memory at most",
        *(report[key] for key in ("accuracy", "epochs")),
        100 * report["waiting"],
        report["peak_memory_mib"],
    )


def course(recipe: BaseRecipe, progress: Progress) -> dict[str, Any]:
    """What the training took, and its epochs' figures.

    ``waiting`` is the share of the training time in which no batch was ready; ``peak_memory_mib`` this process's.
    """
    seconds = sum(row["seconds"] for row in progress.history)
    waited = sum(row["waiting"] * row["seconds"] for row in progress.history)
    return {
        "epochs": progress.epochs,
        "best_epoch": progress.patience.best_epoch if recipe.early_stop else progress.epochs,
        "seconds": round(seconds, 1),
        "waiting": round(waited / seconds, 4),
        "peak_memory_mib": _peak_memory_mib(),
        "history": list(progress.history),
    }


def summary(validation: LabelledImages, predicted: NDArray[np.int64]) -> dict[str, Any]:
    """Accuracy overall, by source and by class, and the confusion matrix (rows are true classes)."""
    right = predicted == validation.targets
    classes = len(validation.labels)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (validation.targets, predicted), 1)
    return {
        "accuracy": _share(right),
        "by_source": {name: _share(right[validation.sources == name]) for name in np.unique(validation.sources)},
        "by_class": {
            label: _share(right[validation.targets == i])
            for i, label in enumerate(validation.labels)
            if (validation.targets == i).any()
        },
        "confusion": confusion.tolist(),
    }


def _share(right: NDArray[np.bool_]) -> float:
    return round(float(right.mean()), 4)


def _peak_memory_mib() -> int:
    """The most memory that this process held; the kernel counts KiB, macOS' bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak / (2**20 if sys.platform == "darwin" else 2**10))
