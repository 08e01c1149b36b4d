"""Which face is the main one: the driver's."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edge.timeline.durations import reached
from edge.values import Box, FaceObservation

MUCH_LARGER = 1.5
"""Ratio of areas from which on another face contests the main one: 1.22 times the side, clearly nearer the camera."""

MAX_RESIZE = 2.0
"""Ratio of areas within which a face at the main one's place is taken for the same face."""


class MainFace:
    """Picks the largest face and stays with it.

    The choice sticks to its track.  When the track is gone, a face of another track at the same place is taken for
    the same person (trackers lose and find faces again).  Any other face must wait until the main one has been gone,
    or much smaller, for ``handover_seconds``: a passenger's open eyes are no proof of the driver's.
    """

    def __init__(self, handover_seconds: float) -> None:
        self._handover = handover_seconds
        self._face: FaceObservation | None = None
        self._contested_since: float | None = None
        self._person = 0

    @property
    def person(self) -> int:
        """Counts the persons chosen so far: changes when the main face becomes another person's."""
        return self._person

    def pick(self, t: float, faces: Sequence[FaceObservation], *, keep: bool = False) -> FaceObservation | None:
        """The main face among ``faces``, ``None`` while it is not among them; ``keep`` forbids a handover."""
        largest = max(faces, key=lambda seen: (seen.face.box.area, -seen.track), default=None)
        if self._face is None:
            return self._choose(largest) if largest else None
        current = self._find(self._face, faces)
        if current is not None:
            self._face = current
        if current is not None and largest is not None and not _is_much_larger(largest, current):
            self._contested_since = None
            return current
        if self._contested_since is None:
            self._contested_since = t
        if largest is not None and not keep and reached(t - self._contested_since, self._handover):
            return self._choose(largest)
        return current

    def forget(self) -> None:
        """Choose anew from the next faces: the camera was lost."""
        self._face = None
        self._contested_since = None

    def _choose(self, face: FaceObservation) -> FaceObservation:
        self._face = face
        self._contested_since = None
        self._person += 1
        return face

    def _find(self, last: FaceObservation, faces: Sequence[FaceObservation]) -> FaceObservation | None:
        same_track = [seen for seen in faces if seen.track == last.track]
        if same_track:
            return same_track[0]
        same_place = [seen for seen in faces if _is_same_place(seen.face.box, last.face.box)]
        return max(same_place, key=lambda seen: seen.face.box.iou(last.face.box), default=None)


def _is_much_larger(face: FaceObservation, than: FaceObservation) -> bool:
    return face.face.box.area > MUCH_LARGER * than.face.box.area


def _is_same_place(box: Box, last: Box) -> bool:
    """Whether the centre moved by no more than half the last box's side, and the size changed little."""
    moved = math.dist(box.center, last.center)
    half_side = max(last.width, last.height) / 2
    resized = max(box.area, last.area) <= MAX_RESIZE * min(box.area, last.area)
    return moved <= half_side and resized
