"""How much a live run uses, over spans of a few seconds."""

from __future__ import annotations

from dataclasses import dataclass

SPAN_SECONDS = 2.0
"""Long enough for two searches of a whole frame, short enough to react before anybody wonders."""


@dataclass(frozen=True, slots=True)
class Load:
    """Of one span: frames a second, the share of the time in which a frame was in hand, and processor cores used."""

    rate_hz: float
    busy: float
    cores: float


class LoadMeter:
    """Sums up frames into spans.

    Times are seconds of a monotonic clock, ``cpu`` the CPU seconds of this process so far.
    """

    def __init__(self, now: float, cpu: float) -> None:
        self._start(now, cpu)

    def add(self, began: float, now: float, cpu: float) -> Load | None:
        """Count a frame that was in hand from ``began`` until ``now``; the span's load if this frame ends one."""
        self._frames += 1
        self._busy += now - began
        seconds = now - self._now
        if seconds < SPAN_SECONDS:
            return None
        load = Load(self._frames / seconds, self._busy / seconds, (cpu - self._cpu) / seconds)
        self._start(now, cpu)
        return load

    def _start(self, now: float, cpu: float) -> None:
        self._now, self._cpu = now, cpu
        self._frames, self._busy = 0, 0.0
