"""Poses of a right hand as capsules.

Hand coordinates, in millimetres: the wrist at the origin, ``y`` towards the fingers, ``x`` towards the
thumb, ``z`` out of the palm.  Proportions follow an average adult hand (length 190 mm, breadth 85 mm).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.camera.demo.errors import UnknownHandShapeError

FINGERS = ("index", "middle", "ring", "little")
PALM_GROUP, FOREARM_GROUP, THUMB_GROUP, FIRST_FINGER_GROUP = 0, 1, 2, 3
"""Capsules of one group blend softly into each other; groups meet in a sharper crease."""

_KNUCKLES = np.array([(26, 86, 0), (4.5, 89, 3), (-16, 84, 1), (-34, 75, -2)], np.float32)
_PHALANGES = np.array([(43, 26, 20), (47, 30, 21), (44, 28, 21), (34, 20, 19)], np.float32)
_RADII = np.array([(11, 10.2, 9.2, 7.6), (11, 10.4, 9.4, 7.8), (10.6, 9.8, 8.8, 7.4), (9.4, 8.7, 7.9, 6.6)], np.float32)
_THUMB_ROOT = np.array((20, 20, 6), np.float32)
_THUMB_BONES = np.array((45, 34, 27), np.float32)
_THUMB_RADII = np.array((15.5, 12, 11, 9), np.float32)


@dataclass(frozen=True, slots=True)
class Finger:
    """Degrees: ``flexion`` of the three joints, ``spread`` to the thumb's side, ``roll`` of the bending plane."""

    flexion: tuple[float, float, float]
    spread: float = 0.0
    roll: float = 0.0


@dataclass(frozen=True, slots=True)
class Pose:
    """Four fingers (index to little), the thumb's MCP, IP and tip, and the ``turn`` in the image, anticlockwise."""

    fingers: tuple[Finger, Finger, Finger, Finger]
    thumb: tuple[tuple[float, float, float], ...]
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class Capsules:
    """Tapered capsules, mm: ``start``, ``end``, ``dorsal`` ``(N, 3)``, ``radii`` ``(N, 2)``, ``group``, ``bone`` ``(N,)``.

    ``dorsal`` is the unit vector to the nail's side; ``bone`` is 0–2 for phalanges, root first, else -1.
    """

    start: NDArray[np.float32]
    end: NDArray[np.float32]
    radii: NDArray[np.float32]
    dorsal: NDArray[np.float32]
    group: NDArray[np.intp]
    bone: NDArray[np.intp]


def _straight(spread: float, bend: float = 6.0) -> Finger:
    return Finger((bend, bend, bend * 0.7), spread)


def _folded(spread: float = 0.0) -> Finger:
    return Finger((84.0, 102.0, 58.0), spread)


_FIST_FINGERS = (_folded(-2), _folded(0), _folded(2), _folded(5))
_THUMB_OUT = ((50, 48, 12), (70, 74, 13), (82, 98, 11))
_THUMB_ACROSS = ((43, 50, 26), (24, 68, 52), (-3, 73, 57))
_THUMB_DEEP = ((36, 50, 30), (10, 61, 53), (-15, 64, 56))
_THUMB_SIDE = ((55, 46, 10), (89, 52, 6), (115, 49, 0))

POSES: dict[str, Pose] = {
    "palm": Pose((_straight(9), _straight(1, 4), _straight(-7), _straight(-17)), _THUMB_OUT),
    "fist": Pose(_FIST_FINGERS, _THUMB_ACROSS),
    "point": Pose((_straight(2), *_FIST_FINGERS[1:]), _THUMB_ACROSS),
    "peace": Pose((_straight(13), _straight(-8), _folded(2), _folded(5)), _THUMB_DEEP),
    "ok": Pose(
        (Finger((48, 68, 34), 6, 52), _straight(0, 12), _straight(-9, 8), _straight(-20, 6)),
        ((50, 45, 22), (69, 65, 34), (72, 84, 43)),
    ),
    "thumb_up": Pose(_FIST_FINGERS, _THUMB_SIDE, turn=80),
    "thumb_down": Pose(_FIST_FINGERS, _THUMB_SIDE, turn=-100),
    "relaxed": Pose(
        (Finger((24, 32, 20), 4), Finger((32, 40, 24), 0), Finger((38, 44, 26), -4), Finger((40, 46, 28), -9)),
        ((47, 50, 20), (58, 78, 28), (58, 100, 34)),
    ),
    "three": Pose((_straight(12), _straight(0), _straight(-11), _folded(5)), _THUMB_DEEP),
    "four": Pose((_straight(10), _straight(1), _straight(-7), _straight(-17)), _THUMB_DEEP),
    "rock": Pose((_straight(6), _folded(0), _folded(2), _straight(-12)), _THUMB_ACROSS),
    "call": Pose((_folded(-2), _folded(0), _folded(2), _straight(-22)), _THUMB_OUT),
    "l": Pose((_straight(2), *_FIST_FINGERS[1:]), _THUMB_SIDE),
}


def pose_named(shape: str) -> Pose:
    """The pose of a gesture or another hand shape; raises ``UnknownHandShapeError``."""
    try:
        return POSES[shape]
    except KeyError:
        raise UnknownHandShapeError(
            f"hand shape: must be one of {', '.join(POSES)}. Received: {shape!r}. Choose one of these."
        ) from None


def _normalised(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _finger_joints(index: int, finger: Finger) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Joint positions ``(4, 3)`` in mm and dorsal directions of the phalanges ``(3, 3)``."""
    spread, roll = np.radians((finger.spread, finger.roll))
    along = np.array((np.sin(spread), np.cos(spread), 0), np.float32)
    inward = np.array((np.sin(roll), 0, np.cos(roll)), np.float32)
    inward = _normalised(inward - along * float(inward @ along))
    angles = np.radians(np.cumsum(finger.flexion))[:, None]
    directions = np.cos(angles) * along + np.sin(angles) * inward
    dorsal = np.sin(angles) * along - np.cos(angles) * inward
    steps = np.cumsum(directions * _PHALANGES[index][:, None], axis=0)
    return np.vstack([_KNUCKLES[index], _KNUCKLES[index] + steps]).astype(np.float32), dorsal.astype(np.float32)


def _thumb_joints(points: tuple[tuple[float, float, float], ...]) -> NDArray[np.float32]:
    """Root, MCP, IP and tip ``(4, 3)``: the directions of ``points`` with the bones' true lengths."""
    joints = [_THUMB_ROOT]
    for length, a, b in zip(_THUMB_BONES, (_THUMB_ROOT, *points), points, strict=False):
        joints.append(joints[-1] + length * _normalised(np.asarray(b, np.float32) - np.asarray(a, np.float32)))
    return np.asarray(joints, np.float32)


def capsules_of(pose: Pose, forearm_mm: float, sleeve_from_mm: float | None = None) -> Capsules:
    """A whole hand with ``forearm_mm`` of forearm below the wrist, sleeved from ``sleeve_from_mm`` on."""
    rows: list[tuple[object, object, tuple[float, float], object, int, int]] = []
    back = (0.0, 0.0, -1.0)

    def add(
        start: object, end: object, r1: float, r2: float, group: int, bone: int = -1, dorsal: object = back
    ) -> None:
        rows.append((start, end, (r1, r2), dorsal, group, bone))

    thumb = _thumb_joints(pose.thumb)
    for x, knuckle, radius in zip((14, 4, -6, -15), _KNUCKLES, (12.0, 12.5, 12.0, 11.0), strict=True):
        add((x, 6, 0), knuckle, 14, radius, PALM_GROUP)
    add((-20, 18, 5), (-33, 58, 4), 14.5, 12, PALM_GROUP)
    add(_THUMB_ROOT, thumb[1], _THUMB_RADII[0], _THUMB_RADII[1], PALM_GROUP)
    add((18, 56, 2), 0.75 * thumb[1] + (5, 15, 0), 11, 6, PALM_GROUP)
    for side in (-1, 1):
        add((11 * side, 6, -1), (14 * side, -forearm_mm, -4), 17, 17 + forearm_mm * 0.06, FOREARM_GROUP)
        if sleeve_from_mm is not None and sleeve_from_mm < forearm_mm:
            add((13 * side, -sleeve_from_mm - 20, -3), (17 * side, -forearm_mm, -4), 24, 27, FOREARM_GROUP)
    for bone in (1, 2):
        toward_palm = np.array((-0.45, 0.0, 0.9), np.float32)
        axis = _normalised(thumb[bone + 1] - thumb[bone])
        dorsal = -_normalised(toward_palm - axis * float(toward_palm @ axis))
        add(thumb[bone], thumb[bone + 1], _THUMB_RADII[bone], _THUMB_RADII[bone + 1], THUMB_GROUP, bone, dorsal)
    chains = [_finger_joints(number, finger) for number, finger in enumerate(pose.fingers)]
    for (one, _), (other, _) in pairwise(chains):
        webs = [joints[0] + 0.3 * (joints[1] - joints[0]) for joints in (one, other)]
        if np.linalg.norm(webs[0] - webs[1]) < 30:
            add(webs[0], webs[1], 6.5, 6.5, PALM_GROUP)
    for number, (joints, directions) in enumerate(chains):
        for bone in range(3):
            r1, r2 = _RADII[number][bone : bone + 2]
            add(joints[bone], joints[bone + 1], r1, r2, FIRST_FINGER_GROUP + number, bone, directions[bone])
    starts, ends, radii, dorsals, groups, bones = zip(*rows, strict=True)
    return Capsules(
        np.array(starts, np.float32),
        np.array(ends, np.float32),
        np.array(radii, np.float32),
        np.array(dorsals, np.float32),
        np.array(groups, np.intp),
        np.array(bones, np.intp),
    )
