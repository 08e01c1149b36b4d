"""PERCLOS: the share of time in which the eyes are closed, without blinks.

P80 counts time with the lids at least 80 % closed (Wierwille et al.; FHWA/NHTSA brief on PERCLOS).  One point an eye
gives no lid aperture, so here the eye classifier's *closed* stands for P80.
"""

from __future__ import annotations

from edge.timeline.durations import reached
from edge.timeline.windows import CoveredTime

SHORT_WINDOW_SECONDS = 60.0
LONG_WINDOW_SECONDS = 180.0


class _Window:
    def __init__(self, seconds: float, min_valid_share: float) -> None:
        self._min_valid_seconds = seconds * min_valid_share
        self.valid = CoveredTime(seconds)
        self.closed = CoveredTime(seconds)

    def share(self, now: float) -> float | None:
        valid = self.valid.seconds(now)
        if valid <= 0 or not reached(valid, self._min_valid_seconds):
            return None
        return self.closed.seconds(now) / valid


class Perclos:
    """PERCLOS over the last 60 s and 180 s of frame time.

    Only valid time is added: eyes seen, at a sufficient frame rate.  Unseen time is in neither sum.  A closure counts
    from its start, but only once it is longer than a blink; until then it is valid time with open eyes.  A window with
    less valid time than ``min_valid_share`` of its length has no PERCLOS.
    """

    def __init__(self, blink_seconds: float, min_valid_share: float) -> None:
        self._blink_seconds = blink_seconds
        self._short = _Window(SHORT_WINDOW_SECONDS, min_valid_share)
        self._long = _Window(LONG_WINDOW_SECONDS, min_valid_share)
        self._undecided: list[tuple[float, float]] = []

    def add_open(self, start: float, end: float) -> None:
        """The eyes were seen open from ``start`` to ``end``."""
        self._short.valid.add(start, end)
        self._long.valid.add(start, end)

    def add_closed(self, start: float, end: float) -> None:
        """The eyes were seen closed from ``start`` to ``end``."""
        self.add_open(start, end)
        self._undecided.append((start, end))

    def follow_closure(self, seconds: float) -> None:
        """The closure to which the closed time of late belongs has lasted so long; 0 when it is over."""
        if seconds == 0:
            self._undecided.clear()
        elif reached(seconds, self._blink_seconds):
            for start, end in self._undecided:
                self._short.closed.add(start, end)
                self._long.closed.add(start, end)
            self._undecided.clear()

    def short(self, now: float) -> float | None:
        """PERCLOS of the 60 s before ``now``, 0 to 1."""
        return self._short.share(now)

    def long(self, now: float) -> float | None:
        """PERCLOS of the 180 s before ``now``, 0 to 1."""
        return self._long.share(now)

    def valid_seconds(self, now: float) -> float:
        """Valid time in the 60 s before ``now``."""
        return self._short.valid.seconds(now)
