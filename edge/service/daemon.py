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
from edge.service.budget import POLL_SECONDS, THREAD_SECONDS, TICK_SECONDS
from edge.service.eventlog import Sink
from edge.service.feed import FrameFeed
from edge.service.heartbeat import Heartbeat, Unheard
from edge.timeline import Timeline
from edge.values import Action, Event, Frame, Observation

log = logging.getLogger(__name__)


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
    """Ties the rooms together.  One thread runs the loop; in a live run a second one advances patterns.

    That one also makes the outputs safe as soon as :meth:`stop` is called, whatever the loop is at.

    A frame from before the camera was lost that is looked at or comes only then counts no more: it would switch outputs
    that are safe.  ``camera_is_lost`` says so until the camera's next frame is at hand.
    """

    def __init__(
        self,
        observer: Observe,
        timeline: Timeline,
        rules: Rules,
        outputs: Outputs,
        sinks: Iterable[Sink],
        *,
        camera_is_lost: Callable[[], bool] = lambda: False,
        heartbeat: Heartbeat | None = None,
        totals: Totals | None = None,
    ) -> None:
        self._observer = observer
        self._timeline = timeline
        self._rules = rules
        self._outputs = outputs
        self._sinks = tuple(sinks)
        self._camera_is_lost = camera_is_lost
        self._losses = 0
        self._heartbeat = heartbeat or Unheard()
        self._stop = threading.Event()
        self._reason = ""
        self._fault: Exception | None = None
        self._has_ended = False
        self._lock = threading.RLock()
        self._clock = FrameClock()
        self.totals = totals or Totals()

    def stop(self, reason: str = "stopped") -> None:
        """Make outputs safe and ask the loop to end after the frame in hand; the first ``reason`` is the one told."""
        if not self._stop.is_set():
            self._reason = reason
            self._stop.set()

    @property
    def t(self) -> float:
        """Seconds since the start, by frame time."""
        return self._clock.now()

    def camera_lost(self, reason: str) -> None:
        """Outputs go to their safe state and the driver can't be judged until frames come again."""
        with self._lock:
            if self._has_ended:
                return
            self._losses += 1
            t = self._clock.now()
            log.warning("outputs are safe until the camera is back: %s", reason)
            self._handle(self._timeline.lost(t), t)
            self._report(self._outputs.make_safe(because="camera lost", t=t))
            self._heartbeat.camera_lost(reason)

    def run(self, feed: FrameFeed, *, realtime: bool) -> Totals:
        """Process frames until ``feed`` ends or :meth:`stop`; outputs are safe afterwards, whatever happens.

        ``realtime`` patterns follow the wall clock, also between frames; otherwise they follow frame time alone.
        """
        ticker = threading.Thread(target=self._advance_patterns, name="patterns", daemon=True) if realtime else None
        if ticker:
            ticker.start()
        try:
            self._loop(feed)
            self.stop("end of source")
        except BaseException:
            self.stop("fault")
            raise
        finally:
            if ticker:
                ticker.join(THREAD_SECONDS)
                if ticker.is_alive():
                    log.error("thread %s did not stop within %.0f s", ticker.name, THREAD_SECONDS)
            self._end()
        if self._fault is not None:
            raise self._fault
        return self.totals

    def _loop(self, feed: FrameFeed) -> None:
        while not self._stop.is_set():
            frame = feed.next_frame(POLL_SECONDS)
            if frame is not None:
                self._process(frame)
            elif feed.ended:
                return
            else:
                self._heartbeat.no_frame()

    def _process(self, frame: Frame) -> None:
        losses = self._losses
        observation = self._observer.observe(frame)
        with self._lock:
            if self._has_ended:
                return
            if losses != self._losses or self._camera_is_lost():
                self._heartbeat.no_frame()
                return
            self._clock.set(frame.t)
            self.totals.add(observation)
            self._handle(self._timeline.update(observation), frame.t)
            self._report(self._outputs.tick(frame.t))
            self._heartbeat.frame_processed()

    def _end(self) -> None:
        """End what has started and make outputs safe, once."""
        with self._lock:
            if self._has_ended:
                return
            self._has_ended = True
            t = self.totals.last_t
            try:
                self._handle(self._timeline.finish(t), t)
            finally:
                self._report(self._outputs.make_safe(because=self._reason, t=t))

    def _advance_patterns(self) -> None:
        """Until the stop, and then end; a fault ends the loop, which raises it."""
        try:
            while not self._stop.wait(TICK_SECONDS):
                with self._lock:
                    self._report(self._outputs.tick(self._clock.now()))
            self._end()
        except Exception as fault:
            self._fault = fault
            self.stop("fault")

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
