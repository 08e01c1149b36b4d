"""The skeleton of a right hand as capsules.

Hand coordinates as in ``hand_pose``.  Proportions follow an average adult hand (length 190 mm, breadth 85 mm).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge.camera.demo.hand_pose import Finger, Pose

Floats = NDArray[np.float32]

PALM_GROUP, FOREARM_GROUP, THUMB_GROUP, FIRST_FINGER_GROUP = 0, 1, 2, 3
"""Capsules of one group blend softly into each other; groups meet in a sharper crease."""

_KNUCKLES = np.array([(26, 86, 0), (4.5, 89, 3), (-16, 84, 1), (-34, 75, -2)], np.float32)
_PHALANGES = np.array([(43, 26, 20), (47, 30, 21), (44, 28, 21), (34, 20, 19)], np.float32)
_RADII = np.array([(11, 10.2, 9.2, 7.6), (11, 10.4, 9.4, 7.8), (10.6, 9.8, 8.8, 7.4), (9.4, 8.7, 7.9, 6.6)], np.float32)
_THUMB_ROOT = np.array((20, 20, 6), np.float32)
_THUMB_BONES = np.array((45, 34, 27), np.float32)
_THUMB_RADII = np.array((15.5, 12, 11, 9), np.float32)
_THUMB_PAD = np.array((-0.45, 0.0, 0.9), np.float32)
_WEB_REACH_MM = 30.0


@dataclass(frozen=True, slots=True)
class Capsules:
    """Tapered capsules, mm: ``start``, ``end``, ``dorsal`` ``(N, 3)``, ``radii`` ``(N, 2)``, ``group`` and ``bone``.

    ``dorsal`` is the unit vector to the nail's side; ``bone`` is 0–2 for phalanges, root first, else -1.
    """

    start: NDArray[np.float32]
    end: NDArray[np.float32]
    radii: NDArray[np.float32]
    dorsal: NDArray[np.float32]
    group: NDArray[np.intp]
    bone: NDArray[np.intp]


class _Capsule(NamedTuple):
    start: ArrayLike
    end: ArrayLike
    radii: tuple[float, float]
    group: int
    bone: int = -1
    dorsal: ArrayLike = (0.0, 0.0, -1.0)


def _normalised(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _finger_joints(index: int, finger: Finger) -> tuple[Floats, Floats]:
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


def _thumb_joints(points: tuple[tuple[float, float, float], ...]) -> Floats:
    """Root, MCP, IP and tip ``(4, 3)``: the directions of ``points`` with the bones' true lengths."""
    joints = [_THUMB_ROOT]
    for length, a, b in zip(_THUMB_BONES, (_THUMB_ROOT, *points), points, strict=False):
        joints.append(joints[-1] + length * _normalised(np.asarray(b, np.float32) - np.asarray(a, np.float32)))
    return np.asarray(joints, np.float32)


def _palm(thumb: Floats) -> Iterator[_Capsule]:
    """Metacarpals, both balls of the palm, and the web between thumb and index; ``thumb`` joints ``(4, 3)``."""
    for x, knuckle, radius in zip((14, 4, -6, -15), _KNUCKLES, (12.0, 12.5, 12.0, 11.0), strict=True):
        yield _Capsule((x, 6, 0), knuckle, (14, radius), PALM_GROUP)
    yield _Capsule((-20, 18, 5), (-33, 58, 4), (14.5, 12), PALM_GROUP)
    yield _Capsule(_THUMB_ROOT, thumb[1], (_THUMB_RADII[0], _THUMB_RADII[1]), PALM_GROUP)
    yield _Capsule((18, 56, 2), 0.75 * thumb[1] + (5, 15, 0), (11, 6), PALM_GROUP)


def _forearm(length_mm: float, sleeve_from_mm: float | None) -> Iterator[_Capsule]:
    """Two capsules abreast, flatter than round; two more around them for the sleeve."""
    for side in (-1, 1):
        yield _Capsule((11 * side, 6, -1), (14 * side, -length_mm, -4), (17, 17 + length_mm * 0.06), FOREARM_GROUP)
        if sleeve_from_mm is not None and sleeve_from_mm < length_mm:
            top, bottom = (13 * side, -sleeve_from_mm - 20, -3), (17 * side, -length_mm, -4)
            yield _Capsule(top, bottom, (24, 27), FOREARM_GROUP)


def _thumb(joints: Floats) -> Iterator[_Capsule]:
    for bone in (1, 2):
        axis = _normalised(joints[bone + 1] - joints[bone])
        dorsal = -_normalised(_THUMB_PAD - axis * float(_THUMB_PAD @ axis))
        radii = (_THUMB_RADII[bone], _THUMB_RADII[bone + 1])
        yield _Capsule(joints[bone], joints[bone + 1], radii, THUMB_GROUP, bone, dorsal)


def _fingers(pose: Pose) -> Iterator[_Capsule]:
    """The phalanges, and a web between neighbours that are held alike."""
    chains = [_finger_joints(number, finger) for number, finger in enumerate(pose.fingers)]
    for (one, _), (other, _) in pairwise(chains):
        webs = [joints[0] + 0.3 * (joints[1] - joints[0]) for joints in (one, other)]
        if np.linalg.norm(webs[0] - webs[1]) < _WEB_REACH_MM:
            yield _Capsule(webs[0], webs[1], (6.5, 6.5), PALM_GROUP)
    for number, (joints, dorsal) in enumerate(chains):
        for bone in range(3):
            radii = (_RADII[number][bone], _RADII[number][bone + 1])
            yield _Capsule(joints[bone], joints[bone + 1], radii, FIRST_FINGER_GROUP + number, bone, dorsal[bone])


def capsules_of(pose: Pose, forearm_mm: float, sleeve_from_mm: float | None = None) -> Capsules:
    """A whole hand with ``forearm_mm`` of forearm below the wrist, sleeved from ``sleeve_from_mm`` on."""
    thumb = _thumb_joints(pose.thumb)
    parts = [*_palm(thumb), *_forearm(forearm_mm, sleeve_from_mm), *_thumb(thumb), *_fingers(pose)]
    return Capsules(
        start=np.array([part.start for part in parts], np.float32),
        end=np.array([part.end for part in parts], np.float32),
        radii=np.array([part.radii for part in parts], np.float32),
        dorsal=np.array([part.dorsal for part in parts], np.float32),
        group=np.array([part.group for part in parts], np.intp),
        bone=np.array([part.bone for part in parts], np.intp),
    )
