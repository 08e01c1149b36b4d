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
from convert.data.celeba import celeba
from convert.data.classes import class_files
from convert.data.errors import DataError
from convert.data.faces import helen, mtfl
from convert.data.scenes import Scene, split
from convert.data.voc import voc
from convert.data.wider import wider
from convert.data.yolo import yolo
from convert.evaluate.progress import Coverage, progress, spread
from edge.camera.images import read_image
from edge.errors import InputError
from edge.inference import Manifest
from edge.values import Box, Image
from edge.vision.crops import upright_crop

TRAIN, HELD_BACK = "train", "held-back"
DEFAULT_SHARE = 0.1


Labels = Sequence[str] | None
"""Only objects of these labels are looked for; all without."""


@dataclass(frozen=True)
class Layout:
    """One way to annotate a folder's pictures: its ``name``, files that tell it, and the loader."""

    name: str
    patterns: tuple[str, ...]
    read: Callable[[Path, Labels], list[Scene]]
    labelled: bool = False

    def fits(self, folder: Path) -> bool:
        """Whether ``folder`` holds one of the files."""
        return any(next(folder.glob(pattern), None) for pattern in self.patterns)


LAYOUTS = (
    Layout(
        "trainImageList.txt or training.txt (CVPR13, MTFL)",
        ("trainImageList.txt", "testImageList.txt", "training.txt", "testing.txt"),
        lambda folder, labels: mtfl(folder),
    ),
    Layout("*.pts (300-W)", ("*.pts",), lambda folder, labels: helen(folder)),
    Layout(
        "wider_face_split/ (WIDER FACE)",
        ("wider_face_split/wider_face_*_bbx_gt.txt",),
        lambda folder, labels: wider(folder),
    ),
    Layout(
        "list_landmarks_*celeba (CelebA)",
        ("list_landmarks_*celeba.*", "Anno/list_landmarks_*celeba.*"),
        lambda folder, labels: celeba(folder),
    ),
    Layout(
        "boxes.csv",
        ("boxes.csv",),
        lambda folder, labels: boxes_csv(folder, complete=True, labels=labels),
        labelled=True,
    ),
    Layout("Annotations/*.xml (Pascal VOC)", ("Annotations/*.xml",), voc, labelled=True),
    Layout("labels/ beside images/ (YOLO)", ("labels/*.txt", "labels/*/*.txt"), yolo, labelled=True),
)


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


def load_scenes(folder: Path, part: str | None, manifest: Manifest, labels: Labels = None) -> list[Scene]:
    """The annotated pictures of ``folder``: all, or those that the bundle's training held back or used.

    What its owner holds back (WIDER FACE's ``val``, say) is held back here too.

    Raises:
        DataError: the folder has no annotation of a known kind, or none with labels, or ``part`` is neither of the two.
    """
    scenes = _read_scenes(folder, labels)
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
    images = np.stack([_as_crop(image, recipe.input.margin) for image in kept.images])
    return Crops(images, kept.targets, names, coverage)


def _as_crop(shown: NDArray[np.uint8], margin: int) -> Image:
    """What a network is shown, grey or RGB, as a BGR crop of which ``middle_of`` gives it back, brightened in the dark.

    A margin of so many pixels, at which no network looks, repeats the border.
    """
    code = cv2.COLOR_GRAY2BGR if shown.shape[-1] == 1 else cv2.COLOR_RGB2BGR
    crop = cv2.copyMakeBorder(cv2.cvtColor(shown, code), margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def _read_scenes(folder: Path, labels: Labels) -> list[Scene]:
    layout = next((layout for layout in LAYOUTS if folder.is_dir() and layout.fits(folder)), None)
    if layout is None:
        raise DataError(
            f"{folder}: no annotated pictures here; expected a folder with one of: "
            + ", ".join(layout.name for layout in LAYOUTS)
        )
    if labels and not layout.labelled:
        raise DataError(f"--label: {folder} is annotated by {layout.name}, which has no labels")
    return layout.read(folder, labels)
