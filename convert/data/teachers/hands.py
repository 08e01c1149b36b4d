"""Every hand in pictures whose annotation lacks some: the hull of MediaPipe's 21 joints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from convert.data.boxes import EDGES
from convert.data.pictures import read_image
from convert.data.teachers import mediapipe_models
from convert.data.teachers.geometry import hull, process, to_pixels
from convert.data.teachers.lesson import Lesson, Row
from convert.data.teachers.photos import pictures_below
from edge.values import Image

FOLDERS = ("hands/hagrid/frames_without_boxes", "hands/hagrid/images", "helen/trainset", "mtfl")
"""Below the data folder: people whose hands are unmarked, partly marked, or mostly out of view."""


def find_hands(network: Any, image: Image) -> list[Row]:
    """One row a hand in the BGR ``image``: the hull of its joints in pixels."""
    found = process(network, image).multi_hand_landmarks or []
    boxes = (hull(to_pixels(hand.landmark, image)).round(1).tolist() for hand in found)
    return [dict(zip(EDGES, box, strict=True)) for box in boxes]


def _open_teacher(data: Path) -> Callable[[Path], list[Row]]:
    network = mediapipe_models.hands()

    def label(file: Path) -> list[Row]:
        name = file.relative_to(data).as_posix()
        return [{"image": name, **row} for row in find_hands(network, read_image(file))]

    return label


HANDS = Lesson(
    table=Path("teacher", "hands.csv"),
    columns=("image", *EDGES),
    pictures=lambda data: pictures_below(data, FOLDERS),
    open_teacher=_open_teacher,
)
