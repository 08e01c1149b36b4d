"""leapGestRecog (Mantecón et al., 2016): infrared frames of ten people, ten gestures each.

The names of the files say who and what: ``frame_<person>_<gesture>_<number>.png``, in any folders, as Kaggle's
``leapGestRecog/00/01_palm/frame_00_01_0001.png``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.data.errors import DamagedError, DataError
from convert.data.faults import POLICY
from convert.data.pictures import read_image
from convert.data.splits import Parts, leave_out
from edge.values import Box, Image
from edge.vision.crops import Colour, hand_crop, to_colour

LABELS = ("palm", "l", "fist", "fist_moved", "thumb", "index", "ok", "palm_moved", "c", "down")
"""In the order of the data set's numbers 01 to 10."""

HELD_OUT_PERSONS = frozenset({"08", "09"})

_NAME = re.compile(r"frame_(?P<person>\d\d)_(?P<gesture>\d\d)_\d+\.png")
_GESTURE_FOLDER = re.compile(r"(\d\d)_\w+")
_PERSON_FOLDER = re.compile(r"\d\d")


@dataclass(frozen=True)
class _Frame:
    crop: NDArray[np.uint8]
    target: int
    person: str


def load(data: Path, size: int, colour: Colour, held_out: Collection[str] = ()) -> Parts:
    """``(train, validation)`` of crops ``(n, size, size, c)``; the persons ``held_out`` validate.

    If none are named, it's those of :data:`HELD_OUT_PERSONS` that are there, or else the last.

    For leave-one-subject-out see :func:`convert.data.splits.leave_one_group_out` on :func:`read_frames`.

    Raises:
        DataError: no frame, too many damaged ones, or one of the persons doesn't occur.
    """
    frames = read_frames(data, size, colour)
    persons = set(frames.groups.tolist())
    return leave_out(frames, sorted(held_out or HELD_OUT_PERSONS & persons or {max(persons)}))


def read_frames(data: Path, size: int, colour: Colour) -> LabelledImages:
    """Every frame under ``data``; a crop's group is its person.

    Raises:
        DataError: no frame, or too many that are damaged or mislabelled.
    """
    files = [file for file in sorted(data.rglob("frame_*.png")) if _NAME.fullmatch(file.name)]
    if not files:
        raise DataError(f"{data}: no frame_<person>_<gesture>_<number>.png in here; give leapGestRecog's folder")
    frames = list(POLICY.sift(str(data), files, lambda file: _frame(file, size, colour)))
    return LabelledImages(
        LABELS,
        np.stack([frame.crop for frame in frames]),
        np.array([frame.target for frame in frames], np.int64),
        np.array([frame.person for frame in frames]),
        np.full(len(frames), "leap"),
    )


def bright_box(image: Image) -> Box:
    """The bounds of the largest bright patch: in infrared light the hand is near and the room is dark."""
    grey: NDArray[np.uint8] = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    _, mask = cv2.threshold(cv2.GaussianBlur(grey, (5, 5), 0), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return Box(0, 0, image.shape[1], image.shape[0])
    x, y, width, height, _ = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())].tolist()
    return Box(x, y, x + width, y + height)


def _frame(file: Path, size: int, colour: Colour) -> _Frame:
    person, gesture = _person_and_gesture(file)
    image = read_image(file)
    return _Frame(to_colour(hand_crop(image, bright_box(image), size), colour), gesture - 1, person)


def _person_and_gesture(file: Path) -> tuple[str, int]:
    name = _NAME.fullmatch(file.name)
    if name is None or not 1 <= int(name["gesture"]) <= len(LABELS):
        raise DamagedError(f"{file}: leapGestRecog's gestures have the numbers 01 to {len(LABELS)}; rename it")
    gesture = _GESTURE_FOLDER.fullmatch(file.parent.name)
    person = _PERSON_FOLDER.fullmatch(file.parent.parent.name)
    if (gesture and gesture[1] != name["gesture"]) or (person and person[0] != name["person"]):
        raise DamagedError(f"{file}: its name and its folders differ in person or gesture; move or rename it")
    return name["person"], int(name["gesture"])
