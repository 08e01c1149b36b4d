"""What ``evaluate --data`` may name: a folder of classes, or a folder with annotated pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from convert.data.boxes import boxes_csv
from convert.data.classes import DataError, class_files
from convert.data.faces import helen, mtfl
from convert.data.scenes import Scene, split
from convert.evaluate.progress import Coverage, progress, spread
from edge.camera.images import read_image
from edge.errors import InputError
from edge.inference import Manifest
from edge.values import Box, Image
from edge.vision.crops import upright_crop

TRAIN, HELD_BACK = "train", "held-back"
DEFAULT_SHARE = 0.1


def _boxes(folder: Path) -> list[Scene]:
    return boxes_csv(folder, complete=True)


LAYOUTS: tuple[tuple[str, Callable[[Path], list[Scene]]], ...] = (
    ("trainImageList.txt", mtfl),
    ("*.pts", helen),
    ("boxes.csv", _boxes),
)
"""A file that tells how a folder's pictures are annotated, and the loader."""


@dataclass(frozen=True)
class Crops:
    """Labelled crops as the device would cut them.

    ``images`` ``(n, size, size, 3)`` uint8 BGR; ``targets`` ``(n,)`` int64, an index into the labels; ``names``
    ``(n,)``: the file of each.
    """

    images: NDArray[np.uint8]
    targets: NDArray[np.int64]
    names: list[str]
    coverage: Coverage

    def __len__(self) -> int:
        return len(self.targets)


def load_crops(
    folder: Path, part: str | None, manifest: Manifest, labels: Sequence[str], size: int, limit: int | None
) -> Crops:
    """The crops of ``part`` (a subfolder) of a folder of classes, or those that the bundle's training held back.

    Raises:
        DataError: the folder doesn't hold them, or not one of its pictures can be read.
    """
    if part == HELD_BACK and not (folder / part).is_dir():
        return _held_back(folder, manifest, limit)
    return _class_folder(folder / part if part else folder, labels, size, limit)


def load_scenes(folder: Path, part: str | None, manifest: Manifest) -> list[Scene]:
    """The annotated pictures of ``folder``: all, or those that the bundle's training held back or used.

    Raises:
        DataError: the folder has no annotation of a known kind, or ``part`` is neither of the two.
    """
    scenes = _read_scenes(folder)
    if part is not None:
        if part not in (TRAIN, HELD_BACK):
            raise DataError(f"--split: must be {TRAIN!r} or {HELD_BACK!r} for annotated pictures, received {part!r}")
        parts = split(scenes, manifest.training.recipe.get("held_back", DEFAULT_SHARE))
        scenes = parts[part == HELD_BACK]
    return scenes


def _class_folder(folder: Path, labels: Sequence[str], size: int, limit: int | None) -> Crops:
    """Every picture; one that isn't square is shown whole, its border repeated."""
    files = [(file, label) for label, found in class_files(folder, labels).items() for file in found]
    chosen = spread(files, limit)
    images, targets, names, coverage = [], [], [], Coverage("pictures", len(files), len(chosen))
    for file, label in progress(chosen, "pictures"):
        try:
            images.append(_whole(read_image(file), size))
        except InputError as error:
            coverage.skip(error)
            continue
        targets.append(labels.index(label))
        names.append(str(file.relative_to(folder)))
    if not images:
        raise DataError(f"{folder}: not one of {len(chosen)} pictures can be read; unpack or copy the data again")
    return Crops(np.stack(images), np.array(targets, np.int64), names, coverage)


def _whole(image: Image, size: int) -> Image:
    height, width = image.shape[:2]
    return upright_crop(image, Box(0, 0, width, height).square(), size)


def _held_back(data: Path, manifest: Manifest, limit: int | None) -> Crops:
    """The validation part of the data set that the bundle's recipe names, in the folder with all data sets."""
    from convert.training.datasets import prepare
    from convert.training.recipe import Recipe

    try:
        recipe = Recipe.model_validate(manifest.training.recipe)
    except ValidationError as error:
        raise DataError(
            f"--split {HELD_BACK}: the bundle's recipe doesn't tell its data set to this version ({error}); "
            "name a folder of classes"
        ) from error
    validation = prepare(recipe, data, manifest.training.seed).validation
    chosen = np.array(spread(range(len(validation)), limit), np.int64)
    coverage = Coverage("pictures", len(validation), len(chosen))
    kept = validation.take(chosen)
    names = [f"{source}: {group}" for source, group in zip(kept.sources, kept.groups, strict=True)]
    return Crops(np.stack([_to_bgr(image) for image in kept.images]), kept.targets, names, coverage)


def _to_bgr(crop: NDArray[np.uint8]) -> Image:
    """A crop in a network's order, grey or RGB, as BGR; ``to_colour`` gives it back unchanged."""
    code = cv2.COLOR_GRAY2BGR if crop.shape[-1] == 1 else cv2.COLOR_RGB2BGR
    return np.asarray(cv2.cvtColor(crop, code), np.uint8)


def _read_scenes(folder: Path) -> list[Scene]:
    for pattern, read in LAYOUTS:
        if folder.is_dir() and any(folder.glob(pattern)):
            return read(folder)
    raise DataError(
        f"{folder}: no annotated pictures here; expected a folder with {', '.join(name for name, _ in LAYOUTS)}"
    )
