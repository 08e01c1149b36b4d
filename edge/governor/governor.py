"""Chooses the level: pure logic, driven by loads and times that a test can make up."""

from __future__ import annotations

from edge.governor.levels import LEVELS
from edge.governor.load import Load
from edge.governor.settings import PerformanceSettings

SATURATED = 0.95
"""Share of the time with a frame in hand from which the loop, not the camera, sets the frame rate."""

RATE_TOLERANCE = 0.95
CORES_TOLERANCE = 1.05

HEADROOM = 0.6
"""A level more is tried only while less than this share of what may be used is used."""

RECOVERY_SECONDS = 10.0
MOST_RECOVERY_SECONDS = 640.0
"""How long there must be headroom before more is tried: longer after each try that failed, up to this."""

FAILED_SECONDS = 30.0
"""A level that had to be given up again so soon was a try that failed."""

COOL_SECONDS = 60.0
"""So long after it was last throttled the board counts as cool."""


class Governor:
    """Goes down a level with each span that is too much, and up again when there has been headroom for long.

    ``camera_hz`` is the rate that the camera was asked for: more can't be wanted.
    """

    def __init__(self, settings: PerformanceSettings, camera_hz: float = float("inf")) -> None:
        self._settings, self._camera_hz = settings, camera_hz
        self._number = 0
        self._reason = ""
        self._headroom_since: float | None = None
        self._recovery = RECOVERY_SECONDS
        self._rose_at: float | None = None
        self._throttled_at = float("-inf")

    @property
    def number(self) -> int:
        """The level, an index into :data:`LEVELS`: 0 is everything."""
        return self._number

    @property
    def reason(self) -> str:
        """Why the last span was too much; empty if it wasn't."""
        return self._reason

    @property
    def most_hz(self) -> float:
        """Frames to look at in a second at most."""
        return min(self._settings.frames_per_second, LEVELS[self._number].most_hz)

    def judge(self, now: float, load: Load, throttled: str = "") -> bool:
        """Take the ``load`` of a span that ended at ``now``; whether the level has changed.

        ``throttled`` says why the board slows itself down, if it does.
        """
        if throttled:
            self._throttled_at = now
        if self._rose_at is not None and now - self._rose_at >= FAILED_SECONDS:
            self._rose_at, self._recovery = None, RECOVERY_SECONDS
        self._reason = throttled or self._too_much(load)
        if self._reason:
            return self._lower()
        if self._number and self._has_headroom(now, load):
            return self._raise_when_due(now)
        self._headroom_since = None
        return False

    def _too_much(self, load: Load) -> str:
        limits, wanted_hz = self._settings, min(self.most_hz, self._camera_hz)
        if load.cores > limits.cpu_share * CORES_TOLERANCE:
            return f"{load.cores:.2f} processor cores in use, {limits.cpu_share:g} allowed"
        if load.busy >= SATURATED and load.rate_hz < wanted_hz * RATE_TOLERANCE:
            return f"{load.rate_hz:.1f} frames a second, {wanted_hz:g} wanted"
        return ""

    def _has_headroom(self, now: float, load: Load) -> bool:
        cool = now - self._throttled_at >= COOL_SECONDS
        return cool and load.busy < HEADROOM and load.cores < HEADROOM * self._settings.cpu_share

    def _lower(self) -> bool:
        self._headroom_since = None
        if self._rose_at is not None:
            self._rose_at, self._recovery = None, min(2 * self._recovery, MOST_RECOVERY_SECONDS)
        if self._number == len(LEVELS) - 1:
            return False
        self._number += 1
        return True

    def _raise_when_due(self, now: float) -> bool:
        if self._headroom_since is None:
            self._headroom_since = now
        if now - self._headroom_since < self._recovery:
            return False
        self._headroom_since, self._rose_at = None, now
        self._number -= 1
        return True
