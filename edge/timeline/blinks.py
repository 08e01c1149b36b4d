"""Blinks: how many, and how long they last."""

from __future__ import annotations

from collections import deque

from edge.timeline.windows import CoveredTime

WINDOW_SECONDS = 60.0


class Blinks:
    """Counts blinks, and gives their rate and mean length over the last minute of frame time."""

    def __init__(self, min_valid_share: float) -> None:
        self._min_valid_seconds = WINDOW_SECONDS * min_valid_share
        self._valid = CoveredTime(WINDOW_SECONDS)
        self._recent: deque[tuple[float, float]] = deque()
        self.count = 0

    def watch(self, start: float, end: float) -> None:
        """Eyes were seen from ``start`` to ``end`` at a rate that shows blinks."""
        self._valid.add(start, end)

    def add(self, t: float, seconds: float) -> None:
        """A blink of this length was over at ``t``."""
        self.count += 1
        self._recent.append((t, seconds))
        self._forget(t)

    def per_minute(self, now: float) -> float | None:
        """Blinks a minute of valid time; ``None`` while there is too little of it."""
        self._forget(now)
        valid = self._valid.seconds(now)
        if valid <= 0 or valid < self._min_valid_seconds:
            return None
        return len(self._recent) * 60.0 / valid

    def mean_seconds(self, now: float) -> float | None:
        """Mean length of a blink; ``None`` when there was none."""
        self._forget(now)
        if not self._recent:
            return None
        return sum(seconds for _, seconds in self._recent) / len(self._recent)

    def _forget(self, now: float) -> None:
        while self._recent and self._recent[0][0] < now - WINDOW_SECONDS:
            self._recent.popleft()
