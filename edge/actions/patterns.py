"""Blinks, beeps and pulses as pure functions of time: no thread and no clock, so a test can ask for any moment."""

from __future__ import annotations

from dataclasses import dataclass

EDGE_TOLERANCE_SECONDS = 1e-6
"""An edge counts as reached this much early: 3 × 0.2 s is 0.6000000000000001 in floating point, but one edge."""


@dataclass(frozen=True, slots=True)
class SquareWave:
    """On for ``on_seconds``, then off for ``off_seconds``, ``count`` times or (``None``) without end."""

    on_seconds: float
    off_seconds: float
    count: int | None = None

    def __post_init__(self) -> None:
        if self.on_seconds <= 0 or self.off_seconds < 0 or (self.count is not None and self.count < 1):
            raise ValueError(
                f"on_seconds must be above 0, off_seconds at least 0 and count at least 1 or None, received {self}"
            )

    @property
    def duration_seconds(self) -> float | None:
        """Seconds from the start to the end of the last on phase; ``None`` for a wave without end."""
        if self.count is None:
            return None
        return self.count * self.on_seconds + (self.count - 1) * self.off_seconds

    def value_at(self, seconds: float) -> float | None:
        """1.0 or 0.0, ``seconds`` after the start; ``None`` once the last on phase is over.  0.0 before the start.

        >>> [SquareWave(0.2, 0.3, count=2).value_at(t) for t in (0.0, 0.2, 0.5, 0.7)]
        [1.0, 0.0, 1.0, None]
        """
        reached = seconds + EDGE_TOLERANCE_SECONDS
        if reached < 0:
            return 0.0
        if self.duration_seconds is not None and reached >= self.duration_seconds:
            return None
        return 1.0 if reached % (self.on_seconds + self.off_seconds) < self.on_seconds else 0.0


def pulse(seconds: float) -> SquareWave:
    """On once, for ``seconds``."""
    return SquareWave(on_seconds=seconds, off_seconds=0.0, count=1)
