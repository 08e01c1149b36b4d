"""Stable numbers for faces and hands from frame to frame.

Pure time logic: what counts is each frame's ``t``, never how many frames have passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from edge.values import Box
from edge.vision.boxes import from_values, iou

MAX_GAP_SECONDS = 1.0
"""A track unseen for longer is over: what then appears in its place is somebody new."""

MIN_IOU = 0.2
"""Least overlap of a box with a track's last box, both grown by :data:`GROWTH`."""

GROWTH = 1.5
"""Boxes are compared as squares this much larger: a waving hand moves by its own width between two frames."""


FEW_PAIRS = 50
"""Up to so many pairs of a box and a track are compared as single numbers, which are faster then than arrays."""


@dataclass(frozen=True, slots=True)
class Track:
    """Where and when something was last seen."""

    box: Box
    t: float


@dataclass(frozen=True, slots=True)
class Tracks:
    """What is being followed, by number; ``last`` is the highest number given so far."""

    followed: Mapping[int, Track] = field(default_factory=lambda: MappingProxyType({}))
    last: int = 0
    t: float = float("-inf")


def follow(tracks: Tracks, t: float, boxes: Sequence[Box]) -> tuple[Tracks, tuple[int, ...]]:
    """The tracks after a frame, and the number of each of its ``boxes``.

    Boxes and tracks are paired greedily, the largest overlap first; a box without a track begins one.  Time that runs
    backwards means that the source began again, and ends every track.
    """
    began_again = t < tracks.t
    alive = {} if began_again else {n: track for n, track in tracks.followed.items() if t - track.t <= MAX_GAP_SECONDS}
    numbers = _match(alive, boxes)
    last = tracks.last
    for index in range(len(boxes)):
        if index not in numbers:
            last += 1
            numbers[index] = last
    seen = {numbers[index]: Track(box, t) for index, box in enumerate(boxes)}
    return Tracks(MappingProxyType({**alive, **seen}), last, t), tuple(numbers[index] for index in range(len(boxes)))


class Tracker:
    """Remembers the tracks of one kind of thing between frames."""

    def __init__(self) -> None:
        self._tracks = Tracks()

    def update(self, t: float, boxes: Sequence[Box]) -> tuple[int, ...]:
        """The number of each of ``boxes``, seen at ``t`` seconds."""
        self._tracks, numbers = follow(self._tracks, t, boxes)
        return numbers

    def expected(self, t: float) -> tuple[Box, ...]:
        """Where at ``t`` seconds something may be again: the last boxes of what was seen lately."""
        return tuple(track.box for track in self._tracks.followed.values() if _may_return(track, t))

    def seen_last(self, t: float) -> tuple[Box, ...]:
        """Of what :meth:`expected` gives for ``t``, what was in the last frame."""
        last = self._tracks.t
        return tuple(track.box for track in self._tracks.followed.values() if track.t == last and _may_return(track, t))

    @property
    def alive(self) -> frozenset[int]:
        """The numbers that may still appear again."""
        return frozenset(self._tracks.followed)


def _may_return(track: Track, t: float) -> bool:
    return 0 <= t - track.t <= MAX_GAP_SECONDS


def _match(alive: Mapping[int, Track], boxes: Sequence[Box]) -> dict[int, int]:
    """Index of box → number of its track."""
    squares = [box.square(GROWTH) for box in boxes]
    known = {number: track.box.square(GROWTH) for number, track in alive.items()}
    matched: dict[int, int] = {}
    for _, index, number in sorted(_overlapping(squares, known), key=lambda pair: -pair[0]):
        if index not in matched and number not in matched.values():
            matched[index] = number
    return matched


def _overlapping(squares: Sequence[Box], known: Mapping[int, Box]) -> list[tuple[float, int, int]]:
    """Overlap, index of square and number of track, of each two that may be the same."""
    if len(squares) * len(known) > FEW_PAIRS:
        overlaps = iou(from_values(squares), from_values([*known.values()]))
        numbers = [*known]
        close = np.argwhere(overlaps >= MIN_IOU).tolist()
        return [(float(overlaps[index, place]), index, numbers[place]) for index, place in close]
    return [
        (overlap, index, number)
        for index, square in enumerate(squares)
        for number, last in known.items()
        if (overlap := square.iou(last)) >= MIN_IOU
    ]
