"""``training.json``: what a classifier's training was and how the network does on held-out people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.training.recipe import Recipe

REPORT_FILE = "training.json"


def write_report(
    out: Path,
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages,
    predicted: NDArray[np.int64],
    seed: int,
) -> None:
    """Write the report to the folder ``out``; ``predicted`` ``(n,)`` are the classes found in ``validation``."""
    report = {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "backend": keras.backend.backend(),
        "train": train.counts(),
        "validation": validation.counts(),
        **summary(validation, predicted),
    }
    (out / REPORT_FILE).write_text(json.dumps(report, indent=2) + "\n", "utf-8")


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
