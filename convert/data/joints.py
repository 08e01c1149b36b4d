"""The joints of hands that boxes frame: a teacher's list, and what of a picture is hand by them.

The list is a CSV file: ``image`` (relative to the data folder), ``box`` (its number among the picture's boxes; 0 in a
crop that is one hand) and ``x0, y0, … x20, y20`` in pixels of the picture.  :mod:`convert.data.teachers` writes it with
MediaPipe, whose 21 joints are: the wrist, and four of each finger from thumb to little finger, from its root on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.faults import POLICY
from convert.data.tables import Row, read_rows
from edge.values import Image

TABLE = Path("teacher", "joints.csv")
JOINT_COUNT = 21
POINTS = tuple(f"{axis}{joint}" for joint in range(JOINT_COUNT) for axis in "xy")
COLUMNS = ("image", "box", *POINTS)

WRIST = 0
KNUCKLES = (5, 9, 13, 17)
PALM = (0, 1, 5, 9, 13, 17)
FINGERS = ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20))

FINGER_WIDTH = 0.24
"""The width of a finger, in distances from the wrist to the middle finger's root."""

LENGTH_BY_BREADTH = 1.6
"""That distance in distances from the first finger's root to the last one's, of a palm seen from the front."""

FOREARM = 1.2
"""So far past the wrist, in distances from it to the fingers' roots, an arm may be seen that belongs to the hand."""

WORKING_PX = 80
"""Masks are made on pictures whose longer side is this at most."""

Joints = NDArray[np.float32]
"""``(21, 2)`` float32: x, y in pixels."""

JointsOf = Mapping[tuple[Path, int], Joints]
"""By picture and number of its box."""


@lru_cache(maxsize=1)  # every source of a data folder asks for it
def read_joints(data: Path) -> JointsOf:
    """The list of the data folder; empty where there is none."""
    table = data / TABLE
    if not table.is_file():
        return {}
    return dict(POLICY.sift(str(table), read_rows(table, COLUMNS), lambda row: _joints(row, data)))


def hand_mask(image: Image, joints: Joints) -> NDArray[np.uint8]:
    """``(height, width)``: 255 where BGR ``image`` shows the hand of ``joints`` or its forearm, else 0.

    The joints say what surely is hand, and how far it may reach; colours decide in between (GrabCut, Rother et al.
    2004).  Fingers are always whole: a background in them would be another gesture.
    """
    scale = min(WORKING_PX / max(image.shape[:2]), 1.0)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    regions = _regions(joints * np.float32(scale), small.shape[:2])
    sure = (regions == cv2.GC_FGD).astype(np.uint8)
    if (regions != cv2.GC_BGD).all() or not sure.any():
        return np.full(image.shape[:2], 255, np.uint8)
    model = np.zeros((2, 1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(small, regions, None, model[0], model[1], 2, cv2.GC_INIT_WITH_MASK)
    hand = ((regions == cv2.GC_FGD) | (regions == cv2.GC_PR_FGD) | (sure > 0)).astype(np.uint8) * 255
    hand = _connected(hand, sure)
    return cv2.resize(hand, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _regions(joints: Joints, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """GrabCut's regions: surely and probably hand, probably and surely not."""
    along = float(np.linalg.norm(joints[KNUCKLES[1]] - joints[WRIST]))
    across = float(np.linalg.norm(joints[KNUCKLES[0]] - joints[KNUCKLES[3]]))
    # A palm that points at the camera is short, but as broad as ever.
    length = max(along, LENGTH_BY_BREADTH * across)
    width = max(length * FINGER_WIDTH, 2.0)
    regions = np.full(shape, cv2.GC_BGD, np.uint8)
    arm = joints[WRIST] + (joints[WRIST] - joints[list(KNUCKLES)].mean(axis=0)) * FOREARM
    _line(regions, (joints[WRIST], arm), width * 4, cv2.GC_PR_BGD)
    _hand(regions, joints, width * 2.2, cv2.GC_PR_BGD)
    _line(regions, (joints[WRIST], arm), width * 2, cv2.GC_PR_FGD)
    _hand(regions, joints, width * 1.2, cv2.GC_PR_FGD)
    _hand(regions, joints, width * 0.7, cv2.GC_FGD)
    return regions


def _hand(regions: NDArray[np.uint8], joints: Joints, width: float, value: int) -> None:
    cv2.fillConvexPoly(regions, cv2.convexHull(joints[list(PALM)]).round().astype(np.int32), value)
    for finger in FINGERS:
        _line(regions, joints[list(finger)], width, value)
    _line(regions, joints[[*PALM, WRIST]], width, value)


def _line(regions: NDArray[np.uint8], points: object, width: float, value: int) -> None:
    line = np.asarray(points).round().astype(np.int32)
    cv2.polylines(regions, [line], False, value, max(round(width), 1))


def _connected(hand: NDArray[np.uint8], sure: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The parts of ``hand`` that hang together with what is ``sure``."""
    _, parts = cv2.connectedComponents(hand)
    return np.where(np.isin(parts, np.unique(parts[sure > 0])) & (hand > 0), 255, 0).astype(np.uint8)


def _joints(row: Row, data: Path) -> tuple[tuple[Path, int], Joints]:
    points = np.array(row.floats(POINTS), np.float32).reshape(JOINT_COUNT, 2)
    return (data / row["image"], int(row.floats(("box",))[0])), points
