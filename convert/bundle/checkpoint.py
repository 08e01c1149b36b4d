"""What training leaves behind: Keras networks and the report of how they were made."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from edge.errors import InputError
from edge.inference.manifest import InputSpec, Task

REPORT_FILE = "training.json"
DETECTOR_MEAN, DETECTOR_SCALE = 127.5, 1 / 128
"""How the detectors' networks are fed in training: real value = (pixel - mean) * scale."""

CLASSIFIER_FILE = "network.keras"

MIN_CALIBRATION = 20
"""Windows below which no range is measured."""


class CheckpointError(InputError):
    """A checkpoint's folder lacks a file, or one of them isn't what it should be."""


class TrainingReport(BaseModel):
    """The part of ``training.json`` that a bundle repeats; training may say more in it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    recipe: dict[str, Any]
    seed: int
    initial: str | None = None
    beginnings: int | None = None
    teachers: int | None = None
    thresholds: dict[str, float] = {}


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
    if not task.is_detector:
        return _all_there(task, {task.value: folder / CLASSIFIER_FILE})
    kinds = [{name: folder / f"{name}.keras" for name in kind} for kind in task.kinds]
    whole = (files for files in kinds if all(file.is_file() for file in files.values()))
    return _all_there(task, next(whole, kinds[0]))


def _all_there(task: Task, files: dict[str, Path]) -> dict[str, Path]:
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
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(
            f"{file}: not a Keras network that can be loaded ({reason}); train it again, or copy it again"
        ) from error


def check_network(file: Path, network: Any, spec: InputSpec, outputs: Mapping[str, int]) -> None:
    """Refuse a ``network`` that doesn't take what ``spec`` says, or lacks one of ``outputs`` with so many channels.

    Raises:
        CheckpointError: naming what was expected and found.
    """
    shapes = [tuple(tensor.shape[1:]) for tensor in network.inputs]
    takes = shapes[0] if len(shapes) == 1 else None
    wanted = spec.shape[1:]
    fits = takes is not None and len(takes) == 3
    if not fits or any(found not in (None, size) for found, size in zip(takes or (), wanted, strict=False)):
        raise CheckpointError(
            f"{file}: must take pixels of the shape {wanted}, received a network for {shapes}; this is the network of "
            f"another training than {REPORT_FILE} beside it tells of"
        )
    from convert.quantize.run import named_outputs

    found = {name: tensor.shape[-1] for name, tensor in named_outputs(network, network.output).items()}
    if found != dict(outputs):
        raise CheckpointError(
            f"{file}: must give {_channels(outputs)}, received a network that gives {_channels(found)}; its labels "
            f"or outputs aren't those of this task and of {REPORT_FILE} beside it"
        )


def read_calibration(file: Path, sizes: Mapping[str, tuple[int, int]]) -> dict[str, NDArray[np.uint8]]:
    """The calibration pixels of each network, uint8 ``(n, height, width, 3)``, from an ``.npz``.

    ``sizes`` are ``(height, width)`` by network.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            held = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{file}: not a readable .npz of calibration pixels ({error})") from error
    missing = [name for name in sizes if name not in held]
    if missing:
        raise CheckpointError(f"{file}: needs an array for each network, {missing} missing, holds {sorted(held)}")
    for name, size in sizes.items():
        pixels = held[name]
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (*size, 3) or len(pixels) < MIN_CALIBRATION:
            raise CheckpointError(
                f"{file}: {name}: needs at least {MIN_CALIBRATION} uint8 windows (n, {size[0]}, {size[1]}, 3), "
                f"received {pixels.dtype} {pixels.shape}"
            )
    return {name: held[name] for name in sizes}


def _channels(outputs: Mapping[str, int]) -> str:
    return ", ".join(f"{name!r} with {channels} channels" for name, channels in sorted(outputs.items()))


def _names(files: Any) -> str:
    return ", ".join(file.name for file in files)
