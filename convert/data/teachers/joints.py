"""The 21 joints of every hand that a box frames, by MediaPipe, for :mod:`convert.data.joints`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data.boxes import TABLE as BOXES
from convert.data.boxes import by_picture, read_boxes
from convert.data.errors import DataError
from convert.data.joints import COLUMNS, POINTS, TABLE
from convert.data.pictures import all_image_files, read_image
from convert.data.teacher import Teacher
from convert.data.teachers import mediapipe_models
from convert.data.teachers.geometry import hull, process, to_pixels
from convert.data.teachers.hands import HANDS
from convert.data.teachers.lesson import Lesson, Row
from edge.values import Box, Image
from edge.vision.crops import upright_crop

BOXED = ("hands/hagrid", "hands/subhih", "hands/eduart")
PHOTOS = ("hands/hagrid/frames_without_boxes",)
"""Photos that the list of hands boxes."""

CROPS = ("hands/hagrid/crops", "hands/oxford_crops/pos")

WINDOW = 2.0
"""The side of what the teacher sees of a picture, in longer sides of the hand's box."""

WINDOW_PX = 320

SAME_IOU = 0.35
"""Least overlap of the joints' hull with the box: the teacher may have found another hand."""


@dataclass(frozen=True)
class BoxedHand:
    """One hand to label: box number ``index`` of a picture; no ``box`` is all of it."""

    file: Path
    index: int = 0
    box: tuple[float, float, float, float] | None = None


def boxed_hands(data: Path) -> list[BoxedHand]:
    """The hands of the data sets whose boxes or crops there are.

    Raises:
        DataError: there is none of these data sets.
    """
    found = [*_boxed(data), *_photos(data), *_crops(data)]
    if not found:
        raise DataError(f"{data}: none of {', '.join((*BOXED, *CROPS))} in here; --data names the data sets' folder")
    return found


def find_joints(network: Any, image: Image, box: Box) -> NDArray[np.float64] | None:
    """``(21, 2)`` pixels of BGR ``image``: the joints of the hand in ``box``; None where the teacher finds none."""
    window = box.square(WINDOW)
    shown = upright_crop(image, window, WINDOW_PX)
    found = process(network, shown).multi_hand_landmarks or []
    hands = [to_pixels(hand.landmark, shown) * (window.width / WINDOW_PX) + (window.x1, window.y1) for hand in found]
    return max(
        (hand for hand in hands if _overlap(hand, box) >= SAME_IOU), key=lambda hand: _overlap(hand, box), default=None
    )


def _overlap(joints: NDArray[np.float64], box: Box) -> float:
    return Box(*hull(joints).tolist()).iou(box)


def _boxed(data: Path) -> Iterator[BoxedHand]:
    for folder in BOXED:
        if (data / folder / BOXES).is_file():
            for rows in by_picture(read_boxes(data / folder)):
                yield from (BoxedHand(row.path, index, tuple(row.box.tolist())) for index, row in enumerate(rows))


def _photos(data: Path) -> Iterator[BoxedHand]:
    if (data / HANDS.table).is_file():
        for scene in chain.from_iterable(
            map(Teacher(data / HANDS.table, data).hands, (data / folder for folder in PHOTOS))
        ):
            yield from (BoxedHand(scene.path, index, tuple(box)) for index, box in enumerate(scene.boxes.tolist()))


def _crops(data: Path) -> Iterator[BoxedHand]:
    for folder in CROPS:
        if (data / folder).is_dir():
            yield from map(BoxedHand, all_image_files(data / folder))


def _open_teacher(data: Path) -> Callable[[BoxedHand], list[Row]]:
    network = mediapipe_models.hands()

    def label(hand: BoxedHand) -> list[Row]:
        image = read_image(hand.file)
        box = Box(*hand.box) if hand.box else Box(0, 0, image.shape[1], image.shape[0])
        joints = find_joints(network, image, box)
        if joints is None:
            return []
        points = dict(zip(POINTS, joints.round(1).reshape(-1).tolist(), strict=True))
        return [{"image": hand.file.relative_to(data).as_posix(), "box": hand.index, **points}]

    return label


JOINTS = Lesson(table=TABLE, columns=COLUMNS, pictures=boxed_hands, open_teacher=_open_teacher)
