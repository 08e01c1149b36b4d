"""A person's own pictures: ``<label>/…``, or ``train/<label>/…`` and ``validation/<label>/…``.

Pictures of one person or session resemble each other, so all of them train or all of them validate; what tells them
is in :mod:`convert.data.whose`.  With ``train`` and ``validation`` the owner has split them already.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.data.classes import LabelledImages, class_files
from convert.data.errors import DataError
from convert.data.faults import POLICY
from convert.data.framing import Framing
from convert.data.groups import GROUPS, RANDOM_FRAMES, SplitRule
from convert.data.pictures import read_image
from convert.data.splits import Parts, disjoint, leave_out, split_images
from convert.data.whose import GroupOf, find_groups
from edge.vision.crops import Colour, to_colour

log = logging.getLogger(__name__)

SOURCE = "folder"
TRAIN_FOLDER, VALIDATION_FOLDER = "train", "validation"
HELD_OUT_SHARE = 0.2

_NAMED = 20


@dataclass(frozen=True)
class Splitting:
    """How a folder is split: the groups ``held_out`` by name, or else ``share`` of them, or by another ``rule``.

    ``person_pattern`` is for :func:`convert.data.whose.find_groups`.
    """

    share: float = HELD_OUT_SHARE
    rule: SplitRule = GROUPS
    held_out: Sequence[str] = ()
    person_pattern: str | None = None


@dataclass(frozen=True)
class _Cut:
    """What was cut out of one picture: canvases ``(px, px, c)``, none if nothing was found in it."""

    file: Path
    label: str
    group: str
    canvases: list[NDArray[np.uint8]]


def load(
    folder: Path, labels: Sequence[str], framing: Framing, colour: Colour, splitting: Splitting, seed: int = 0
) -> Parts:
    """``(train, validation)`` of canvases ``(n, px, px, c)``, less training pictures that validate too.

    Pictures in which ``framing`` finds nothing are named, counted and left out.

    Raises:
        DataError: another layout, an unknown class, a class without crops, nothing that tells one person from
            another, one person only, or too many damaged pictures.
    """
    if (folder / TRAIN_FOLDER).is_dir():
        parts = _given_parts(folder, labels, framing, colour, splitting)
    else:
        files = class_files(folder, labels)
        images = _read(folder, files, labels, framing, colour, _group_rule(folder, files, splitting))
        if splitting.held_out:
            parts = leave_out(images, splitting.held_out)
        else:
            parts = split_images(images, splitting.share, splitting.rule, seed)
    return disjoint(str(folder), parts)


def _given_parts(folder: Path, labels: Sequence[str], framing: Framing, colour: Colour, splitting: Splitting) -> Parts:
    """As the owner has split them; where nothing tells who is in a picture, each stands for itself."""
    if not (folder / VALIDATION_FOLDER).is_dir():
        raise DataError(f"{folder}: has {TRAIN_FOLDER}/, but no {VALIDATION_FOLDER}/; who judges the network?")
    parts = []
    for part in (folder / TRAIN_FOLDER, folder / VALIDATION_FOLDER):
        files = class_files(part, labels)
        try:
            group_of = find_groups(part, _relative(part, files), splitting.person_pattern)
        except DataError:
            group_of = str
        parts.append(_read(part, files, labels, framing, colour, group_of))
    train, validation = parts
    if both := sorted(set(train.groups.tolist()) & set(validation.groups.tolist())):
        log.warning("%s: %s train and validate: the figures flatter", folder, ", ".join(both[:_NAMED]))
    return train, validation


def _group_rule(folder: Path, files: dict[str, list[Path]], splitting: Splitting) -> GroupOf:
    if splitting.rule == RANDOM_FRAMES:
        return str
    return find_groups(folder, _relative(folder, files), splitting.person_pattern)


def _relative(folder: Path, files: dict[str, list[Path]]) -> list[Path]:
    return [file.relative_to(folder) for found in files.values() for file in found]


def _read(
    folder: Path,
    files: dict[str, list[Path]],
    labels: Sequence[str],
    framing: Framing,
    colour: Colour,
    group_of: GroupOf,
) -> LabelledImages:
    def cut(labelled: tuple[str, Path]) -> _Cut:
        label, file = labelled
        group = group_of(file.relative_to(folder))
        canvases = [to_colour(canvas, colour) for canvas in framing.canvases(read_image(file))]
        return _Cut(file, label, group, canvases)

    pictures = [(label, file) for label, found in files.items() for file in found]
    bar = tqdm(pictures, desc=f"reading {folder.name}", unit="picture", disable=None, leave=False)
    cuts = list(POLICY.sift(str(folder), bar, cut))
    _report_missed(folder, cuts, framing.wanted)
    crops = [(canvas, cut) for cut in cuts for canvas in cut.canvases]
    return LabelledImages(
        tuple(labels),
        np.stack([canvas for canvas, _ in crops]),
        np.array([labels.index(cut.label) for _, cut in crops], np.int64),
        np.array([cut.group for _, cut in crops]),
        np.full(len(crops), SOURCE),
    )


def _report_missed(folder: Path, cuts: Sequence[_Cut], wanted: str) -> None:
    """Name and count the pictures in which nothing was found.

    Raises:
        DataError: in no picture of a class was anything found.
    """
    missed = [cut for cut in cuts if not cut.canvases]
    for cut in missed[:_NAMED]:
        log.warning("%s: no %s found in this picture, left out", cut.file, wanted)
    looked_at, left_out = (Counter(cut.label for cut in some) for some in (cuts, missed))
    if missed:
        by_label = ", ".join(f"{label} {number} of {looked_at[label]}" for label, number in left_out.items())
        log.warning("%s: no %s found in %d of %d pictures: %s", folder, wanted, len(missed), len(cuts), by_label)
    for label, number in left_out.items():
        if number == looked_at[label]:
            raise DataError(
                f"{folder / label}: no {wanted} found in any of {number} pictures; take them nearer and in better "
                "light, or set folder.crop = 'none' if they show nothing else"
            )
