"""How much of the last seconds was covered by given intervals."""

from __future__ import annotations

from collections import deque

_TICKS_PER_SECOND = 1_000_000_000


def _ticks(seconds: float) -> int:
    return round(seconds * _TICKS_PER_SECOND)


class CoveredTime:
    """Seconds of the last ``window_seconds`` that the added intervals cover.

    The sum is kept up to date in whole nanoseconds, so that adding and removing for months leaves no rounding error.
    Intervals that touch are joined; memory is bounded by the intervals that fit into the window.
    """

    def __init__(self, window_seconds: float) -> None:
        self._window = _ticks(window_seconds)
        self._intervals: deque[tuple[int, int]] = deque()
        self._covered = 0

    def add(self, start: float, end: float) -> None:
        """Cover ``start`` to ``end``, which must not be before the end of any interval added so far."""
        first, last = _ticks(start), _ticks(end)
        self._covered += last - first
        if self._intervals and self._intervals[-1][1] == first:
            first = self._intervals.pop()[0]
        self._intervals.append((first, last))
        self._drop_before(last - self._window)

    def seconds(self, now: float) -> float:
        """Seconds covered from ``now - window_seconds`` on; ``now`` never goes back."""
        self._drop_before(_ticks(now) - self._window)
        return self._covered / _TICKS_PER_SECOND

    def _drop_before(self, limit: int) -> None:
        while self._intervals and self._intervals[0][0] < limit:
            first, last = self._intervals.popleft()
            kept_from = min(limit, last)
            self._covered -= kept_from - first
            if kept_from < last:
                self._intervals.appendleft((kept_from, last))
