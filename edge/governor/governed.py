"""An observer that is held to its budget."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

from edge.governor.governor import Governor
from edge.governor.levels import LEVELS
from edge.governor.load import Load, LoadMeter
from edge.governor.settings import LEAST_RATE_HZ, PerformanceSettings
from edge.governor.throttling import Throttling
from edge.perception.effort import Effort
from edge.values import Frame, Observation

log = logging.getLogger(__name__)


class Adjustable(Protocol):
    """An observer whose effort can be changed between two frames."""

    def observe(self, frame: Frame) -> Observation:
        """Everything read from ``frame``."""

    def set_effort(self, effort: Effort) -> None:
        """Go on with this ``effort``."""


class Governed:
    """Observes, measures what that uses, and lets the observer try less hard where it is too much; says so.

    It says too when fewer than ``least_hz`` frames a second are seen, too few to judge drowsiness; 0 where nobody does.
    """

    def __init__(
        self,
        observer: Adjustable,
        settings: PerformanceSettings,
        *,
        camera_hz: float = float("inf"),
        least_hz: float = LEAST_RATE_HZ,
        throttling: Throttling | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        cpu_seconds: Callable[[], float] = time.process_time,
    ) -> None:
        self._observer = observer
        self._governor = Governor(settings, camera_hz)
        self._least_hz = least_hz
        self._throttling = throttling or Throttling()
        self._monotonic, self._cpu_seconds = monotonic, cpu_seconds
        self._meter = LoadMeter(monotonic(), cpu_seconds())
        self._is_warm = False
        self._too_slow = False

    @property
    def level(self) -> int:
        """Index into :data:`edge.governor.levels.LEVELS`: 0 is everything."""
        return self._governor.number

    @property
    def most_hz(self) -> float:
        """Frames to look at in a second at most."""
        return self._governor.most_hz

    def observe(self, frame: Frame) -> Observation:
        """What the observer says of ``frame``."""
        began = self._monotonic()
        observation = self._observer.observe(frame)
        now = self._monotonic()
        load = self._meter.add(began, now, self._cpu_seconds())
        if load is not None and self._is_warm:
            self._judge(now, load)
        self._is_warm = self._is_warm or load is not None  # the first frames build what later ones only use
        return observation

    def _judge(self, now: float, load: Load) -> None:
        before = self._governor.number
        if self._governor.judge(now, load, self._throttling.at(now)):
            level = LEVELS[self._governor.number]
            self._observer.set_effort(level.effort)
            why = f"{self._governor.reason}: " if self._governor.number > before else "there is room again: "
            log.warning("%slevel %d of %d, %s", why, self._governor.number, len(LEVELS) - 1, level.says)
        self._warn_if_too_slow(load)

    def _warn_if_too_slow(self, load: Load) -> None:
        """Say when eyes are seen too seldom, and when that is over."""
        too_slow = load.rate_hz < self._least_hz * 0.95
        if too_slow and not self._too_slow:
            log.warning(
                "only %.1f frames a second: below %g PERCLOS, the share of time with closed eyes, isn't judged; "
                "raise detection.min_face_px and min_hand_px, or switch off what isn't needed",
                load.rate_hz,
                self._least_hz,
            )
        elif self._too_slow and not too_slow:
            log.warning("%.1f frames a second again", load.rate_hz)
        self._too_slow = too_slow
