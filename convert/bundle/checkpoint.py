"""What training leaves behind: Keras networks and the report of how they were made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from edge.errors import InputError
from edge.inference.manifest import CASCADE_NETWORKS, Task

REPORT_FILE = "training.json"
CASCADE_MEAN, CASCADE_SCALE = 127.5, 1 / 128
"""How the cascade's networks are fed in training: real value = (pixel - mean) * scale."""

CLASSIFIER_FILE = "network.keras"


class CheckpointError(InputError):
    """A checkpoint's folder lacks a file, or one of them isn't what it should be."""


class TrainingReport(BaseModel):
    """The part of ``training.json`` that a bundle repeats; training may say more in it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    recipe: dict[str, Any]
    seed: int


def read_report(folder: Path) -> TrainingReport:
    """``training.json`` of a checkpoint."""
    file = folder / REPORT_FILE
    try:
        return TrainingReport.model_validate(json.loads(file.read_bytes()))
    except OSError as error:
        raise CheckpointError(
            f"{file}: can't be read ({error.strerror}); --checkpoint names the folder that `train --out` wrote"
        ) from error
    except (ValueError, ValidationError) as error:
        raise CheckpointError(
            f"{file}: needs the keys 'recipe' (a table) and 'seed' (a whole number): {error}"
        ) from error


def network_files(folder: Path, task: Task) -> dict[str, Path]:
    """The Keras file of each network that ``task`` needs, by the network's name in the bundle."""
    if task.is_cascade:
        files = {name: folder / f"{name}.keras" for name in CASCADE_NETWORKS}
    else:
        files = {task.value: folder / CLASSIFIER_FILE}
    for file in files.values():
        if not file.is_file():
            raise CheckpointError(
                f"{file}: no such file; a checkpoint for {task.value!r} holds {_names(files.values())}"
            )
    return files


def load_network(file: Path) -> Any:
    """The Keras network in ``file``."""
    import keras

    try:
        return keras.models.load_model(file, compile=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f"{file}: not a Keras network that can be loaded: {error}") from error


def read_calibration(file: Path, networks: Sequence[str]) -> dict[str, NDArray[np.uint8]]:
    """The calibration pixels of each network, uint8 ``(n, height, width, channels)``, from an ``.npz``."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            held = {name: archive[name] for name in archive.files}
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file}: not a readable .npz of calibration pixels ({error})") from error
    missing = [name for name in networks if name not in held]
    if missing:
        raise CheckpointError(f"{file}: needs an array for each network, {missing} missing, holds {sorted(held)}")
    return {name: held[name] for name in networks}


def _names(files: Any) -> str:
    return ", ".join(file.name for file in files)
