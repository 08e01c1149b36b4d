"""What ``evaluate --data`` may name: a folder of classes, or a folder with annotated pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data.classes import DataError, LabelledImages, load_class_folder, read_image
from convert.data.faces import helen, mtfl
from convert.data.hands import boxes_csv
from convert.data.scenes import Scene, split
from edge.inference import Manifest
from edge.values import Box
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


def load_classes(folder: Path, part: str | None, labels: tuple[str, ...], size: int) -> LabelledImages:
    """Every picture of a folder of classes as a BGR crop ``(size, size, 3)``; ``part`` names a subfolder (a split).

    A picture that isn't square is shown whole, its border repeated.
    """

    def decode(file: Path) -> NDArray[np.uint8]:
        image = read_image(file)
        height, width = image.shape[:2]
        return upright_crop(image, Box(0, 0, width, height).square(), size)

    return load_class_folder(folder / part if part else folder, labels, decode)


def load_scenes(folder: Path, part: str | None, manifest: Manifest) -> list[Scene]:
    """The annotated pictures of ``folder``: all, or those that the bundle's training held back or used.

    Raises:
        DataError: the folder has no annotation of a known kind, or ``part`` is neither of the two.
    """
    scenes = _read_scenes(folder)
    if part is None:
        return scenes
    if part not in (TRAIN, HELD_BACK):
        raise DataError(f"--split: must be {TRAIN!r} or {HELD_BACK!r} for annotated pictures, received {part!r}")
    train, held_back = split(scenes, manifest.training.recipe.get("held_back", DEFAULT_SHARE))
    return train if part == TRAIN else held_back


def _read_scenes(folder: Path) -> list[Scene]:
    for pattern, read in LAYOUTS:
        if folder.is_dir() and any(folder.glob(pattern)):
            return read(folder)
    raise DataError(
        f"{folder}: no annotated pictures here; expected a folder with {', '.join(name for name, _ in LAYOUTS)}"
    )
