"""What the loop tells of its health, and what systemd hears of it.

A daemon that can't see must not look alive.  So the watchdog is fed by

- every frame that was *processed*, not one that was merely delivered;
- every turn of the loop while the camera is *declared lost*: the outputs are safe then and "cannot judge" is told,
  which is all that can be done, and a restart would not plug the cable in.  Not for ever, though: a reader that has
  neither brought a frame nor given up, long after it should have, hangs in its driver, and only a new process frees
  that.

It isn't fed by turns of the loop without a frame: while the camera is silent but not yet declared lost, and while one
frame takes too long, time runs.  A pattern that can't advance ends the loop, so it feeds nothing either.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

from edge.service.budget import FEED_SECONDS
from edge.service.notify import Notifier

log = logging.getLogger(__name__)

STATUS_SECONDS = 10.0
"""How often the line for ``systemctl status`` is renewed."""


class Heartbeat(Protocol):
    """What the loop tells."""

    def frame_processed(self) -> None:
        """A frame went all the way from camera to pins."""

    def no_frame(self) -> None:
        """A turn of the loop passed without a frame."""

    def camera_lost(self, reason: str) -> None:
        """Frames have stopped; outputs are safe."""


class Unheard:
    """Nobody watches."""

    def frame_processed(self) -> None:
        pass

    def no_frame(self) -> None:
        pass

    def camera_lost(self, reason: str) -> None:
        pass


class ServiceHeartbeat:
    """Tells systemd: ready with the first processed frame, then the watchdog and a line of status.

    ``watching`` names the source, ``is_ready`` says that systemd knows already (after a reload).  A camera that was
    declared lost may be absent for ``absence_seconds`` (``None``: for ever) until the watchdog is no longer fed.
    """

    def __init__(
        self,
        notifier: Notifier,
        watching: str,
        absence_seconds: float | None,
        *,
        is_ready: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notifier = notifier
        self._watching = watching
        self._absence = absence_seconds
        self._monotonic = monotonic
        self._is_ready = is_ready
        self._lost_at: float | None = None
        self._fed_at = self._status_at = monotonic()
        self._frames = 0

    def frame_processed(self) -> None:
        now = self._monotonic()
        self._frames += 1
        if not self._is_ready or self._lost_at is not None:
            self._begin(now)
        elif now - self._status_at >= STATUS_SECONDS:
            rate = self._frames / (now - self._status_at)
            self._status(now, f"watching {self._watching}, {rate:.3g} frames a second")
        self._feed(now)

    def no_frame(self) -> None:
        now = self._monotonic()
        if self._lost_at is None:
            return
        if self._absence is None or now - self._lost_at <= self._absence:
            self._feed(now)

    def camera_lost(self, reason: str) -> None:
        now = self._monotonic()
        self._lost_at = now
        self._status(now, f"camera lost, outputs are safe: {reason}")

    def _begin(self, now: float) -> None:
        """Frames come: for the first time, or again."""
        text = f"watching {self._watching}"
        if self._is_ready:
            self._notifier.status(text)
        else:
            self._notifier.ready(text)
        self._is_ready, self._lost_at = True, None
        self._status_at, self._frames = now, 0

    def _status(self, now: float, text: str) -> None:
        self._notifier.status(text)
        self._status_at, self._frames = now, 0

    def _feed(self, now: float) -> None:
        if now - self._fed_at >= FEED_SECONDS:
            self._notifier.alive()
            self._fed_at = now
