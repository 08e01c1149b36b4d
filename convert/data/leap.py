"""leapGestRecog (Mantecón et al., 2016): infrared frames of ten people, ten gestures each.

The names of the files say who and what: ``frame_<person>_<gesture>_<number>.png``, in any folders, as Kaggle's
``leapGestRecog/00/01_palm/frame_00_01_0001.png``.
"""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.data.errors import DataError
from convert.data.pictures import read_image
from edge.values import Box, Image
from edge.vision.crops import Colour, hand_crop, to_colour

LABELS = ("palm", "l", "fist", "fist_moved", "thumb", "index", "ok", "palm_moved", "c", "down")
"""In the order of the data set's numbers 01 to 10."""

HELD_OUT_PERSONS = frozenset({"08", "09"})

_NAME = re.compile(r"frame_(?P<person>\d\d)_(?P<gesture>\d\d)_\d+\.png")


def load(data: Path, size: int, colour: Colour) -> tuple[LabelledImages, LabelledImages]:
    """``(train, validation)`` of crops ``(n, size, size, c)``; two persons are held out for validation."""
    everything = read_frames(data, size, colour)
    held_out = np.isin(everything.groups, sorted(HELD_OUT_PERSONS))
    return everything.take(~held_out), everything.take(held_out)


def read_frames(data: Path, size: int, colour: Colour) -> LabelledImages:
    """Every frame under ``data``; a crop's group is its person.

    Raises:
        DataError: no frame, or one whose number is no gesture's.
    """
    named = [(file, match) for file in sorted(data.rglob("frame_*.png")) if (match := _NAME.fullmatch(file.name))]
    if not named:
        raise DataError(f"{data}: no frame_<person>_<gesture>_<number>.png in here; give leapGestRecog's folder")
    images = [read_image(file) for file, _ in named]
    return LabelledImages(
        LABELS,
        np.stack([to_colour(hand_crop(image, bright_box(image), size), colour) for image in images]),
        np.array([_target(file, int(match["gesture"])) for file, match in named], np.int64),
        np.array([match["person"] for _, match in named]),
        np.full(len(named), "leap"),
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


def _target(file: Path, gesture: int) -> int:
    if not 1 <= gesture <= len(LABELS):
        raise DataError(
            f"{file}: leapGestRecog's gestures have the numbers 01 to {len(LABELS)}, received {gesture:02d}"
        )
    return gesture - 1
