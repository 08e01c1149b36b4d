"""When to search a frame, and how much of it: pure time logic.

To follow what is known takes one small network for each face; to search takes all of them on everything.  So a frame
is searched as a whole only now and then, in parts a little more often for newcomers, and at once when something that
was followed is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edge.values import Box

PARTS = 4
"""A frame is searched in quarters, each :data:`PART_SHARE` of its sides, so that neighbours overlap."""

PART_SHARE = 0.6

TOLERANCE_SECONDS = 0.005
"""A frame that comes this little too early still counts: else frame times that jitter halve the rate."""


@dataclass(frozen=True)
class Intervals:
    """Seconds between two searches.

    ``whole``: of the whole frame, while everything known is followed; 0 searches every frame.  ``part``: of a quarter
    of it, one after the other.  ``missing``: of the whole frame, while something known is out of sight.  ``idle``: the
    same while nothing is known, ``missing`` if not given.
    """

    whole: float = 1.0
    part: float = 0.15
    missing: float = 0.1
    idle: float | None = None

    def between_searches(self, known: int, seen: int) -> float:
        """Of the whole frame, where ``known`` things may still appear and ``seen`` of them were in the last frame."""
        if not known and self.idle is not None:
            return self.idle
        return self.whole if 0 < seen == known else min(self.missing, self.whole)


class Extent(Enum):
    """How much of a frame is searched."""

    NONE = "none"
    PART = "part"
    WHOLE = "whole"


class Schedule:
    """Decides for one frame after another, by their times."""

    def __init__(self, intervals: Intervals) -> None:
        self.intervals = intervals
        self._whole_at = float("-inf")
        self._part_at = float("-inf")
        self._t = float("-inf")
        self._parts_done = 0

    def due(self, t: float, *, known: int, seen: int) -> Extent:
        """What to search in the frame at ``t`` seconds, of ``known`` things ``seen`` in the frame before."""
        if t < self._t:  # the source began again
            return Extent.WHOLE
        if t - self._whole_at >= self.intervals.between_searches(known, seen) - TOLERANCE_SECONDS:
            return Extent.WHOLE
        if t - self._part_at >= self.intervals.part - TOLERANCE_SECONDS:
            return Extent.PART
        return Extent.NONE

    def done(self, t: float, extent: Extent) -> None:
        """Remember what was searched in the frame at ``t`` seconds."""
        self._t = t
        if extent is Extent.WHOLE:
            self._whole_at = self._part_at = t
        elif extent is Extent.PART:
            self._part_at = t
            self._parts_done += 1

    def part(self, width: int, height: int) -> Box:
        """The part of a frame of that size whose turn it is; all parts are of one size, with whole pixels."""
        row, column = divmod(self._parts_done % PARTS, 2)
        part_width, part_height = int(width * PART_SHARE), int(height * PART_SHARE)
        left, top = column * (width - part_width), row * (height - part_height)
        return Box(left, top, left + part_width, top + part_height)
