"""Labelled crops in memory, and the plain folder of classes: ``<folder>/<label>/<image>``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data.errors import DataError
from convert.data.faults import POLICY
from convert.data.pictures import images_below


@dataclass(frozen=True)
class LabelledImages:
    """Crops of one size with their classes.

    ``images`` ``(n, height, width, channels)`` uint8; ``targets`` ``(n,)`` int64, an index into ``labels``;
    ``groups`` ``(n,)`` str: the person, session or photo that must not stand on both sides of a split;
    ``sources`` ``(n,)`` str: the data set each crop comes from.
    """

    labels: tuple[str, ...]
    images: NDArray[np.uint8]
    targets: NDArray[np.int64]
    groups: NDArray[np.str_]
    sources: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, index: NDArray[np.bool_] | NDArray[np.int64]) -> LabelledImages:
        """The crops at ``index``, a mask ``(n,)`` or positions."""
        return LabelledImages(
            self.labels, self.images[index], self.targets[index], self.groups[index], self.sources[index]
        )

    def counts(self) -> dict[str, int]:
        """How many crops each label has."""
        number = np.bincount(self.targets, minlength=len(self.labels))
        return dict(zip(self.labels, number.tolist(), strict=True))


def concatenate(sets: Sequence[LabelledImages]) -> LabelledImages:
    """All crops of ``sets``, which share their labels and size."""
    return LabelledImages(
        sets[0].labels,
        np.concatenate([part.images for part in sets]),
        np.concatenate([part.targets for part in sets]),
        np.concatenate([part.groups for part in sets]),
        np.concatenate([part.sources for part in sets]),
    )


def class_files(folder: Path, labels: Sequence[str]) -> dict[str, list[Path]]:
    """The files of every label that has a folder in ``folder``, also in subfolders of it.

    Raises:
        DataError: no such folder, a subfolder that is none of ``labels``, a label's folder without images,
            or none of the labels.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected one subfolder a class: {', '.join(labels)}")
    found = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    unknown = [name for name in found if name not in labels]
    if unknown:
        raise DataError(
            f"{folder}: a subfolder must be named after a class ({', '.join(labels)}), found {', '.join(unknown)}"
        )
    if not found:
        raise DataError(f"{folder}: no class in here; expected one subfolder a class: {', '.join(labels)}")
    files = {name: images_below(folder / name) for name in labels if name in found}
    empty = [name for name, images in files.items() if not images]
    if empty:
        raise DataError(f"{folder / empty[0]}: no image in this class; add images, or remove the folder")
    return files


def load_class_folder(
    folder: Path, labels: Sequence[str], decode: Callable[[Path], NDArray[np.uint8]]
) -> LabelledImages:
    """Every image of a folder of classes, as ``decode`` makes of its file a crop ``(height, width, channels)``.

    Each is its own group: its path relative to ``folder``.

    Raises:
        DataError: see :func:`class_files`, or too many damaged files.
    """
    pairs = [(file, label) for label, images in class_files(folder, labels).items() for file in images]
    crops = list(POLICY.sift(str(folder), pairs, lambda pair: (decode(pair[0]), *pair)))
    return LabelledImages(
        tuple(labels),
        np.stack([crop for crop, _, _ in crops]),
        np.array([labels.index(label) for _, _, label in crops], np.int64),
        np.array([str(file.relative_to(folder)) for _, file, _ in crops]),
        np.full(len(crops), folder.name),
    )
