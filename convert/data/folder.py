"""A person's own pictures: ``<label>/…``, or ``train/<label>/…`` and ``validation/<label>/…``.

Pictures of one person or session resemble each other, so all of them train or all of them validate; what tells them
is in :mod:`convert.data.whose`.  With ``train`` and ``validation`` the owner has split them already.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convert.data.classes import LabelledImages, class_files
from convert.data.cutting import Picture, cut_out
from convert.data.errors import DataError
from convert.data.faults import POLICY
from convert.data.framing import Framing
from convert.data.groups import GROUPS, RANDOM_FRAMES, SplitRule
from convert.data.splits import Parts, disjoint, leave_out, split_images
from convert.data.whose import GroupOf, find_groups
from edge.vision.crops import Colour

log = logging.getLogger(__name__)

TRAIN_FOLDER, VALIDATION_FOLDER = "train", "validation"
HELD_OUT_SHARE = 0.2


@dataclass(frozen=True)
class Splitting:
    """How a folder is split: the groups ``held_out`` by name, or else ``share`` of them, or by another ``rule``.

    ``person_pattern`` is for :func:`convert.data.whose.find_groups`.
    """

    share: float = HELD_OUT_SHARE
    rule: SplitRule = GROUPS
    held_out: Sequence[str] = ()
    person_pattern: str | None = None


def load(
    folder: Path, labels: Sequence[str], framing: Framing, colour: Colour, splitting: Splitting, seed: int = 0
) -> Parts:
    """``(train, validation)`` of canvases ``(n, px, px, c)``, less training pictures that validate too.

    Raises:
        DataError: another layout, an unknown class, a class without crops, nothing that tells one person from
            another, one person only, or too many damaged pictures.
    """
    is_split = (folder / TRAIN_FOLDER).is_dir()

    def read(part: Path) -> LabelledImages:
        return _read(part, labels, framing, colour, splitting, is_split)

    if is_split:
        parts = read(folder / TRAIN_FOLDER), read(_validation_folder(folder))
        _report_common(folder, parts)
    elif splitting.held_out:
        parts = leave_out(read(folder), splitting.held_out)
    else:
        parts = split_images(read(folder), splitting.share, splitting.rule, seed)
    return disjoint(str(folder), parts)


def _validation_folder(folder: Path) -> Path:
    validation = folder / VALIDATION_FOLDER
    if not validation.is_dir():
        raise DataError(
            f"{folder}: has {TRAIN_FOLDER}/, but no {VALIDATION_FOLDER}/; put other people's pictures there, or give "
            "one folder of classes, which is then split by person"
        )
    return validation


def _read(
    folder: Path,
    labels: Sequence[str],
    framing: Framing,
    colour: Colour,
    splitting: Splitting,
    is_split: bool,
) -> LabelledImages:
    files = [(label, file) for label, found in class_files(folder, labels).items() for file in found]
    if splitting.rule == RANDOM_FRAMES:
        group_of: GroupOf = str
    else:
        pictures = [file.relative_to(folder) for _, file in files]
        group_of = find_groups(folder, pictures, splitting.person_pattern, needed=not is_split)

    def picture(labelled: tuple[str, Path]) -> Picture:
        label, file = labelled
        return Picture(file, label, group_of(file.relative_to(folder)))

    images = cut_out(folder, list(POLICY.sift(str(folder), files, picture)), labels, framing, colour)
    given = {label for label, _ in files}
    for label, number in images.counts().items():
        if label in given and not number:
            raise DataError(
                f"{folder / label}: no {framing.wanted} found in any picture of this class; take them nearer and in "
                "better light, or set folder.crop = 'none' if they show nothing else"
            )
    return images


def _report_common(folder: Path, parts: Parts) -> None:
    first, second = (set(part.groups.tolist()) for part in parts)
    if both := sorted(first & second):
        log.warning("%s: %s train and validate: the figures flatter", folder, ", ".join(both))
