"""Frame times: from what a backend reports to seconds that always grow."""

from __future__ import annotations

import math
from dataclasses import replace

from edge.values import Frame

_SMALLEST_STEP_SECONDS = 1e-3


class CaptureTimes:
    """Turns the times that a backend reports into seconds since the first frame.

    Only differences of reported times count, so their origin (boot, epoch, start of stream) doesn't matter.
    Where they are missing, stand still, run backwards or leave ``expected`` by more than ``tolerance_seconds``,
    the frame gets the expected time, and later differences count from there.

    >>> times = CaptureTimes()
    >>> reported_and_expected = [(7.0, 0.0), (7.1, 0.2), (0.0, 0.3), (0.1, 0.5)]
    >>> [round(times.stamp(*pair), 2) for pair in reported_and_expected]
    [0.0, 0.1, 0.3, 0.4]
    """

    def __init__(self, tolerance_seconds: float = math.inf) -> None:
        self._tolerance = tolerance_seconds
        self._origin: float | None = None
        self._anchor = (0.0, 0.0)
        self.last: float | None = None

    def stamp(self, reported: float, expected: float) -> float:
        """Seconds since the first frame.

        Parameters
        ----------
        reported
            the backend's time of this frame, seconds on any clock; NaN when it has none
        expected
            when the frame should be, seconds on a steady clock of any origin: its arrival, or the frame rate's step
        """
        if self._origin is None:
            self._origin = expected
        expected -= self._origin
        t = reported - self._anchor[0] + self._anchor[1]
        if self.last is None or not (t > self.last and abs(t - expected) <= self._tolerance):
            t = expected if self.last is None else max(expected, self.last + _SMALLEST_STEP_SECONDS)
            self._anchor = (reported, t)
        self.last = t
        return t


class Continuity:
    """Numbers frames and lets their time run on where a source is opened again."""

    def __init__(self) -> None:
        self._next_index = 0
        self._resume_at: float | None = 0.0
        self._offset = 0.0
        self.last_t = 0.0

    def resume(self, at: float) -> None:
        """The next frame gets the time ``at``."""
        self._resume_at = at

    def follow(self, frame: Frame) -> Frame:
        """``frame`` with its number and time in the whole run."""
        if self._resume_at is not None:
            self._offset = self._resume_at - frame.t
            self._resume_at = None
        self.last_t = frame.t + self._offset
        frame = replace(frame, t=self.last_t, index=self._next_index)
        self._next_index += 1
        return frame
