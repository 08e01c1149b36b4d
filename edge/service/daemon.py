"""The loop: frames in, events and pin changes out, until the source ends or somebody says stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from edge.actions import OutputChange, Outputs, Rules
from edge.service.eventlog import Sink
from edge.timeline import Timeline
from edge.values import Event, Frame, Observation

log = logging.getLogger(__name__)

TICK_SECONDS = 0.02
"""How often patterns advance in a live run: a fifth of the shortest beep that the config allows."""

POLL_SECONDS = 0.5
"""How long to wait for a frame before looking whether to stop."""

STOP_DEADLINE_SECONDS = 2.0


class FrameFeed(Protocol):
    """Where the loop takes its frames from."""

    def next_frame(self, timeout_seconds: float) -> Frame | None:
        """The next frame, or None when none came in time."""

    @property
    def ended(self) -> bool:
        """No frame will ever come again."""


class Observe(Protocol):
    def observe(self, frame: Frame) -> Observation:
        """Everything read from ``frame``."""


class FrameClock:
    """Frame time between frames: the last frame's time plus what has passed since it arrived."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._t = 0.0
        self._at = monotonic()

    def set(self, t: float) -> None:
        self._t, self._at = t, self._monotonic()

    def now(self) -> float:
        return self._t + self._monotonic() - self._at


@dataclass
class Totals:
    """What a run has done so far."""

    frames: int = 0
    faces: int = 0
    hands: int = 0
    last_t: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def add(self, observation: Observation) -> None:
        self.frames += 1
        self.faces += bool(observation.faces)
        self.hands += bool(observation.hands)
        self.last_t = observation.t

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


class Daemon:
    """Ties the rooms together.  One thread runs the loop; in a live run a second one advances patterns."""

    def __init__(
        self, feed: FrameFeed, observer: Observe, timeline: Timeline, rules: Rules, outputs: Outputs, sinks: Iterable[Sink]
    ) -> None:
        self._feed = feed
        self._observer = observer
        self._timeline = timeline
        self._rules = rules
        self._outputs = outputs
        self._sinks = tuple(sinks)
        self._stop = threading.Event()
        self._lock = threading.RLock()
        self._clock = FrameClock()
        self.totals = Totals()

    def stop(self) -> None:
        """Ask the loop to end after the frame in hand; safe from a signal handler or another thread."""
        self._stop.set()

    def camera_lost(self, reason: str) -> None:
        """Outputs go to their safe state and the driver can't be judged until frames come again."""
        with self._lock:
            t = self._clock.now()
            log.warning("camera lost: %s; outputs are safe until it is back", reason)
            self._handle(self._timeline.lost(t))
            self._report(self._outputs.make_safe(because="camera lost", t=t))

    def run(self, *, realtime: bool) -> Totals:
        """Process frames until the feed ends or :meth:`stop`; outputs are safe afterwards, whatever happens.

        ``realtime`` patterns follow the wall clock, also between frames; otherwise they follow frame time alone.
        """
        ticker = threading.Thread(target=self._tick_until_stopped, name="patterns", daemon=True) if realtime else None
        if ticker:
            ticker.start()
        reason = "fault"
        try:
            self._loop()
            reason = "stopped" if self._stop.is_set() else "end of source"
        finally:
            self._stop.set()
            if ticker:
                ticker.join(STOP_DEADLINE_SECONDS)
                if ticker.is_alive():
                    log.error("thread %s did not stop within %.0f s", ticker.name, STOP_DEADLINE_SECONDS)
            self._end(reason)
        return self.totals

    def _loop(self) -> None:
        while not self._stop.is_set():
            frame = self._feed.next_frame(POLL_SECONDS)
            if frame is not None:
                self._process(frame)
            elif self._feed.ended:
                return

    def _process(self, frame: Frame) -> None:
        observation = self._observer.observe(frame)
        with self._lock:
            self._clock.set(frame.t)
            self.totals.add(observation)
            self._handle(self._timeline.update(observation))
            self._report(self._outputs.tick(frame.t))

    def _end(self, reason: str) -> None:
        with self._lock:
            t = self.totals.last_t
            try:
                self._handle(self._timeline.finish(t))
            finally:
                self._report(self._outputs.make_safe(because=reason, t=t))

    def _tick_until_stopped(self) -> None:
        while not self._stop.wait(TICK_SECONDS):
            with self._lock:
                self._report(self._outputs.tick(self._clock.now()))

    def _handle(self, events: Iterable[Event]) -> None:
        for event in events:
            self._tell(event)
            for action in self._rules.actions_for(event):
                self._report(self._outputs.perform(action))

    def _report(self, changes: Iterable[OutputChange]) -> None:
        for change in changes:
            self._tell(change)

    def _tell(self, entry: Event | OutputChange) -> None:
        for sink in self._sinks:
            sink(entry)
