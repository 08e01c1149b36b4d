"""Readings that are taken less often than frames come, and carried on in between."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Generic, TypeVar

Reading = TypeVar("Reading")

EVERY_FRAME = math.inf
"""The rate of what is read anew in every frame."""

TOLERANCE_SECONDS = 0.005
"""A frame that comes this little too early still counts: else frame times that jitter halve the rate."""


class Paced(Generic[Reading]):
    """The last reading of each track, taken anew ``per_second`` times a second of frame time, which may change."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._taken: dict[int, tuple[float, Reading]] = {}

    def get(self, track: int, t: float, take: Callable[[Reading | None], Reading]) -> Reading:
        """The reading of ``track`` at ``t`` seconds: the last one, or a new one by ``take(last)`` once that is due."""
        taken = self._taken.get(track)
        if taken is not None and 0 <= t - taken[0] < 1 / self.per_second - TOLERANCE_SECONDS:
            return taken[1]
        reading = take(taken[1] if taken else None)
        self._taken[track] = (t, reading)
        return reading

    def keep(self, tracks: Collection[int]) -> None:
        """Forget every track that isn't one of ``tracks``."""
        self._taken = {track: taken for track, taken in self._taken.items() if track in tracks}
