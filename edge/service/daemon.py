"""The loop: frames in, events and pin changes out, until the source ends or somebody says stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from edge.actions.outputs import Outputs
from edge.actions.rules import Instruction, Rules
from edge.service.eventlog import Sink
from edge.service.feed import FrameFeed
from edge.timeline import Timeline
from edge.values import Action, Event, Frame, Observation

log = logging.getLogger(__name__)

TICK_SECONDS = 0.02
"""How often patterns advance in a live run: two fifths of the shortest beep that the config allows."""

POLL_SECONDS = 0.5
"""How long to wait for a frame before looking whether to stop."""

STOP_DEADLINE_SECONDS = 2.0


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
        self, observer: Observe, timeline: Timeline, rules: Rules, outputs: Outputs, sinks: Iterable[Sink]
    ) -> None:
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
            log.warning("outputs are safe until the camera is back: %s", reason)
            self._handle(self._timeline.lost(t), t)
            self._report(self._outputs.make_safe(because="camera lost", t=t))

    def run(self, feed: FrameFeed, *, realtime: bool) -> Totals:
        """Process frames until ``feed`` ends or :meth:`stop`; outputs are safe afterwards, whatever happens.

        ``realtime`` patterns follow the wall clock, also between frames; otherwise they follow frame time alone.
        """
        ticker = threading.Thread(target=self._tick_until_stopped, name="patterns", daemon=True) if realtime else None
        if ticker:
            ticker.start()
        reason = "fault"
        try:
            self._loop(feed)
            reason = "stopped" if self._stop.is_set() else "end of source"
        finally:
            self._stop.set()
            if ticker:
                ticker.join(STOP_DEADLINE_SECONDS)
                if ticker.is_alive():
                    log.error("thread %s did not stop within %.0f s", ticker.name, STOP_DEADLINE_SECONDS)
            self._end(reason)
        return self.totals

    def _loop(self, feed: FrameFeed) -> None:
        while not self._stop.is_set():
            frame = feed.next_frame(POLL_SECONDS)
            if frame is not None:
                self._process(frame)
            elif feed.ended:
                return

    def _process(self, frame: Frame) -> None:
        observation = self._observer.observe(frame)
        with self._lock:
            self._clock.set(frame.t)
            self.totals.add(observation)
            self._handle(self._timeline.update(observation), frame.t)
            self._report(self._outputs.tick(frame.t))

    def _end(self, reason: str) -> None:
        with self._lock:
            t = self.totals.last_t
            try:
                self._handle(self._timeline.finish(t), t)
            finally:
                self._report(self._outputs.make_safe(because=reason, t=t))

    def _tick_until_stopped(self) -> None:
        while not self._stop.wait(TICK_SECONDS):
            with self._lock:
                self._report(self._outputs.tick(self._clock.now()))

    def _handle(self, events: Iterable[Event], t: float) -> None:
        """Tell of the events of one moment and carry out what the rules make of them, together."""
        instructions: list[Instruction] = []
        for event in events:
            self._tell(event)
            instructions += self._rules.actions_for(event)
        if instructions:
            self._report(self._outputs.perform(instructions, t))

    def _report(self, actions: Iterable[Action]) -> None:
        for action in actions:
            self._tell(action)

    def _tell(self, entry: Event | Action) -> None:
        for sink in self._sinks:
            sink(entry)
