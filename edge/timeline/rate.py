"""The frame rate, measured from timestamps."""

from __future__ import annotations

import math

_TIME_CONSTANT_SECONDS = 1.0
"""Short enough to notice a fall from 15 to 3 frames a second within 2 s, long enough to even out late frames."""

_TOLERANCE = 0.05
"""A camera that is set to 10 frames a second delivers 9.9 now and then; it has the rate all the same."""


class FrameRate:
    """Frames per second, as the ratio of two exponentially forgotten sums: frames, and the seconds they took.

    A gap starts the measure anew: what counts is the rate at which the eyes are watched while they are.
    """

    def __init__(self, max_gap_seconds: float) -> None:
        self._max_gap = max_gap_seconds
        self.forget()

    def forget(self) -> None:
        """Start anew."""
        self._frames = 0.0
        self._seconds = 0.0
        self._was_gap = False

    def advance(self, seconds: float) -> None:
        """One more frame, ``seconds`` after the last."""
        is_gap = seconds > self._max_gap
        if is_gap or self._was_gap:
            self.forget()
        kept = math.exp(-seconds / _TIME_CONSTANT_SECONDS)
        self._frames = self._frames * kept + 1.0
        self._seconds = self._seconds * kept + seconds
        self._was_gap = is_gap

    @property
    def fps(self) -> float | None:
        """Frames per second, ``None`` before the second frame."""
        return self._frames / self._seconds if self._seconds > 0 else None

    def is_at_least(self, fps: float) -> bool:
        """Whether the rate is known and no lower than ``fps``, but for what cameras deviate."""
        return self.fps is not None and self.fps >= fps * (1 - _TOLERANCE)
