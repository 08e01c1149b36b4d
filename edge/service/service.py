"""One configuration after another, until the source ends or somebody says stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from edge.actions.rules import Rules
from edge.errors import VigilError
from edge.governor import LEAST_RATE_HZ, Governed
from edge.service.budget import EXCHANGE_SECONDS, THREAD_SECONDS, absence_seconds, watchdog_seconds
from edge.service.daemon import Daemon, Observe, Totals
from edge.service.devices import Devices
from edge.service.eventlog import Sink
from edge.service.feed import FrameFeed, LimitedFeed
from edge.service.heartbeat import ServiceHeartbeat
from edge.service.notify import Notifier
from edge.service.plan import Plan

log = logging.getLogger(__name__)

RELOAD = "reload"
"""Why outputs are made safe for a moment."""


class Service:
    """Runs a `Plan` on open `Devices`.  ``stop`` and ``reload`` may be called from any thread.

    A reload is prepared beside the running plan, which goes on until the new one is whole: checked, verified and
    loaded.  Whatever is wrong with the new one is logged, line by line, and the running one stays in force.
    """

    def __init__(
        self, devices: Devices, sinks: Iterable[Sink], notifier: Notifier, prepare: Callable[[], Plan]
    ) -> None:
        self._devices = devices
        self._sinks = tuple(sinks)
        self._notifier = notifier
        self._prepare = prepare
        self._lock = threading.Lock()
        self._daemon: Daemon | None = None
        self._next: Plan | None = None
        self._is_stopping = False
        self._reload_requested = threading.Event()
        self._totals = Totals()
        devices.on_lost = self._camera_lost

    def stop(self) -> None:
        """End; outputs are safe at once."""
        self._notifier.stopping("stopping")
        with self._lock:
            self._is_stopping = True
            if self._daemon is not None:
                self._daemon.stop()
        self._reload_requested.set()

    def reload(self) -> None:
        """Read the config anew, and change to it if it is right."""
        self._reload_requested.set()

    def run(self, plan: Plan, *, realtime: bool) -> Totals:
        """Run ``plan`` and what reloads bring, with the devices open."""
        reloader = threading.Thread(target=self._reload_when_asked, name="reload", daemon=True)
        reloader.start()
        try:
            daemon = self._run_until_reload(plan, realtime=realtime, is_ready=False)
            while (following := self._take_next()) is not None:
                plan = self._change(plan, following, daemon.t)
                daemon = self._run_until_reload(plan, realtime=realtime, is_ready=True)
        finally:
            self.stop()
            reloader.join(THREAD_SECONDS)
        return self._totals

    def _run_until_reload(self, plan: Plan, *, realtime: bool, is_ready: bool) -> Daemon:
        observer, feed = self._within_budget(plan) if realtime else (plan.observer, self._devices.feed)
        daemon = Daemon(
            observer,
            plan.timeline(),
            Rules(plan.config.rules),
            self._devices.outputs,
            self._sinks,
            camera_is_lost=lambda: self._devices.lost is not None,
            heartbeat=self._heartbeat(plan, is_ready=is_ready),
            totals=self._totals,
        )
        self._put_in_charge(daemon)
        daemon.run(feed, realtime=realtime)
        return daemon

    def _within_budget(self, plan: Plan) -> tuple[Observe, FrameFeed]:
        """The plan's observer and the frames, held to what the plan allows."""
        least_hz = LEAST_RATE_HZ if plan.config.drowsiness.enabled else 0
        camera_hz = plan.config.camera.rate_hz
        governed = Governed(plan.observer, plan.config.performance, camera_hz=camera_hz, least_hz=least_hz)
        return governed, LimitedFeed(self._devices.feed, lambda: governed.most_hz)

    def _put_in_charge(self, daemon: Daemon) -> None:
        """From now on ``daemon`` hears of stops and reloads, and of those that came while there was none."""
        with self._lock:
            self._daemon = daemon
            if self._is_stopping:
                daemon.stop()
            elif self._next is not None:
                daemon.stop(RELOAD)
        if self._devices.lost is not None:
            daemon.camera_lost(self._devices.lost)

    def _heartbeat(self, plan: Plan, *, is_ready: bool) -> ServiceHeartbeat:
        camera = plan.config.camera
        self._notifier.watchdog(watchdog_seconds(camera.read_timeout_seconds))
        absence = absence_seconds(camera.reconnect_give_up_seconds, camera.read_timeout_seconds)
        return ServiceHeartbeat(self._notifier, self._devices.source_name, absence, is_ready=is_ready)

    def _camera_lost(self, reason: str) -> None:
        daemon = self._daemon
        if daemon is not None:
            daemon.camera_lost(reason)

    def _take_next(self) -> Plan | None:
        with self._lock:
            following, self._next = self._next, None
            return None if self._is_stopping else following

    def _change(self, old: Plan, new: Plan, t: float) -> Plan:
        """Put ``new`` in force, or ``old`` again where a device refuses; which one it is."""
        self._notifier.watchdog(EXCHANGE_SECONDS)
        try:
            self._devices.exchange(old.config, new.config, t)
        except VigilError as error:
            self._refuse(error)
            return old
        log.warning("the new configuration is in force")
        self._notifier.ready(f"watching {self._devices.source_name}")
        return new

    def _reload_when_asked(self) -> None:
        while self._reload_requested.wait():
            self._reload_requested.clear()
            if self._is_stopping:
                return
            self._prepare_next()

    def _prepare_next(self) -> None:
        self._notifier.reloading()
        try:
            plan = self._prepare()
        except Exception as error:  # whatever it is, the running plan must go on
            self._refuse(error)
            return
        with self._lock:
            self._next = plan
            if self._daemon is not None:
                self._daemon.stop(RELOAD)

    def _refuse(self, error: Exception) -> None:
        problems = str(error).splitlines() or [type(error).__name__]
        for problem in problems:
            log.error("%s", problem, exc_info=None if isinstance(error, VigilError) else error)
        log.error("the new configuration is refused; the running one stays in force")
        self._notifier.ready(f"new configuration refused, the running one stays in force: {problems[0]}")
