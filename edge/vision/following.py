"""Finding things from frame to frame: what is known is followed, the rest is searched for now and then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from edge.values import Box, Face, Hand
from edge.vision.mipmap import Mipmap
from edge.vision.schedule import Extent, Intervals, Schedule
from edge.vision.tracking import Tracker

SAME_IOU = 0.2
"""Least overlap of what is found with what was followed, for it not to be lost."""

Found = TypeVar("Found", Face, Hand)
FoundCo = TypeVar("FoundCo", bound=Face | Hand, covariant=True)


class Detector(Protocol[FoundCo]):
    """Finds one kind of thing of at least ``min_size_px`` in a frame; that size may change between two frames."""

    min_size_px: float

    def detect(self, image: Mipmap, expected: Sequence[Box] = ()) -> tuple[FoundCo, ...]:
        """Everything in ``image``; ``expected`` are the boxes of a frame ago."""

    def follow(self, image: Mipmap, expected: Sequence[Box], part: Box | None = None) -> tuple[FoundCo, ...]:
        """What is still where it is ``expected``, and whatever is in the ``part`` of the image that is searched."""


class Follower(Generic[Found]):
    """Finds the things of one kind in the frames of a stream, and gives them numbers that last."""

    def __init__(self, detector: Detector[Found], intervals: Intervals | None = None) -> None:
        self._detector: Detector[Found] = detector
        self._tracker = Tracker()
        self._schedule = Schedule(intervals or Intervals())

    @property
    def alive(self) -> frozenset[int]:
        """The numbers that may still appear again."""
        return self._tracker.alive

    def search(self, intervals: Intervals, min_size_px: float) -> None:
        """Search by these ``intervals`` from now on, and for things of at least this size."""
        self._schedule.intervals = intervals
        self._detector.min_size_px = min_size_px

    def find(self, image: Mipmap, t: float) -> list[tuple[int, Found]]:
        """What is in the frame at ``t`` seconds, with its numbers, best score first."""
        found, extent = self._look(image, t)
        self._schedule.done(t, extent)
        return list(zip(self._tracker.update(t, [thing.box for thing in found]), found, strict=True))

    def _look(self, image: Mipmap, t: float) -> tuple[tuple[Found, ...], Extent]:
        expected, followed = self._tracker.expected(t), self._tracker.seen_last(t)
        extent = self._schedule.due(t, known=len(expected), seen=len(followed))
        if extent is not Extent.WHOLE:
            part = self._schedule.part(image.width, image.height) if extent is Extent.PART else None
            found = self._detector.follow(image, expected, part)
            if _still_there(followed, found):
                return found, extent
        return self._detector.detect(image, expected), Extent.WHOLE


def _still_there(followed: Sequence[Box], found: Sequence[Found]) -> bool:
    """Whether all that was ``followed`` is among what was ``found``."""
    return all(any(box.iou(thing.box) >= SAME_IOU for thing in found) for box in followed)
