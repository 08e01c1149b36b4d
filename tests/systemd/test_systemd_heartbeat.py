"""When systemd hears that the daemon lives, and when it must not."""

from __future__ import annotations

from pathlib import Path

import pytest
from systemd_fakes import Manager

from edge.camera.fakes import FakeClock
from edge.service.budget import FEED_SECONDS
from edge.service.heartbeat import STATUS_SECONDS, ServiceHeartbeat
from edge.service.notify import Notifier


class Recorder(Notifier):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__(None)
        self.sent: list[str] = []

    def _send(self, text: str) -> None:
        self.sent.append(text)

    @property
    def feeds(self) -> int:
        return self.sent.count("WATCHDOG=1")


class Stage:
    def __init__(self, absence_seconds: float | None = 100.0, *, is_ready: bool = False) -> None:
        self.clock, self.notifier = FakeClock(), Recorder()
        self.heartbeat = ServiceHeartbeat(
            self.notifier, "camera 1", absence_seconds, is_ready=is_ready, monotonic=self.clock
        )

    def frames(self, seconds: float, rate_hz: float = 10.0) -> None:
        for _ in range(round(seconds * rate_hz)):
            self.clock.wait(1 / rate_hz)
            self.heartbeat.frame_processed()

    def turns(self, seconds: float) -> None:
        for _ in range(round(seconds * 2)):
            self.clock.wait(0.5)
            self.heartbeat.no_frame()


def test_ready_comes_once_and_with_the_first_processed_frame() -> None:
    stage = Stage()
    stage.turns(5)
    assert stage.notifier.sent == []
    stage.frames(5)
    assert stage.notifier.sent[0] == "READY=1\nSTATUS=watching camera 1"
    assert sum("READY=1" in text for text in stage.notifier.sent) == 1


def test_processed_frames_feed_the_watchdog_and_not_more_often_than_needed() -> None:
    stage = Stage()
    stage.frames(20, rate_hz=30)
    assert 18 <= stage.notifier.feeds <= 20 / FEED_SECONDS


def test_a_camera_that_is_silent_but_not_declared_lost_feeds_nothing() -> None:
    stage = Stage()
    stage.frames(3)
    before = stage.notifier.feeds
    stage.turns(60)
    assert stage.notifier.feeds == before


def test_a_lost_camera_feeds_while_its_reader_may_still_be_trying() -> None:
    stage = Stage(absence_seconds=30)
    stage.frames(3)
    stage.heartbeat.camera_lost("unplugged")
    assert stage.notifier.sent[-1] == "STATUS=camera lost, outputs are safe: unplugged"
    before = stage.notifier.feeds
    stage.turns(30)
    assert 28 <= stage.notifier.feeds - before <= 30
    before = stage.notifier.feeds
    stage.turns(60)
    assert stage.notifier.feeds == before, "a reader that hangs must not be kept alive"


def test_who_never_gives_up_is_fed_for_ever() -> None:
    stage = Stage(absence_seconds=None)
    stage.frames(1)
    stage.heartbeat.camera_lost("unplugged")
    stage.turns(3600)
    assert stage.notifier.feeds >= 3500


def test_a_camera_that_is_back_is_said_and_counts_anew() -> None:
    stage = Stage(absence_seconds=30)
    stage.frames(1)
    stage.heartbeat.camera_lost("unplugged")
    stage.turns(20)
    stage.frames(1)
    assert "STATUS=watching camera 1" in stage.notifier.sent
    before = stage.notifier.feeds
    stage.turns(20)
    assert stage.notifier.feeds == before


def test_the_status_tells_the_rate() -> None:
    stage = Stage()
    stage.frames(2 * STATUS_SECONDS + 1, rate_hz=25)
    rates = [text for text in stage.notifier.sent if "frames a second" in text]
    assert rates
    assert all(text == "STATUS=watching camera 1, 25 frames a second" for text in rates)


def test_after_a_reload_ready_is_not_told_again() -> None:
    stage = Stage(is_ready=True)
    stage.frames(5)
    assert not any("READY" in text for text in stage.notifier.sent)


def test_the_protocol(manager: Manager) -> None:
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "9000000"})
    notifier.reloading()
    notifier.watchdog(12.5)
    notifier.stopping("bye")
    assert manager.wait_for("RELOADING=1")
    assert manager.wait_for("MONOTONIC_USEC=").partition("=")[2].isdigit()
    assert manager.wait_for("WATCHDOG_USEC=") == "WATCHDOG_USEC=12500000"
    assert manager.wait_for("STATUS=") == "STATUS=bye"


@pytest.mark.parametrize(
    ("stated", "heard"),
    [("30000000", "WATCHDOG_USEC=30000000"), ("600000000", "WATCHDOG_USEC=600000000"), (None, None)],
)
def test_the_watchdog_of_the_unit_is_never_shortened_nor_switched_on(
    manager: Manager, stated: str | None, heard: str | None
) -> None:
    environment = {"NOTIFY_SOCKET": manager.address} | ({"WATCHDOG_USEC": stated} if stated else {})
    notifier = Notifier.from_environment(environment)
    notifier.watchdog(20)
    notifier.alive()
    manager.wait_for(heard or "WATCHDOG=1")
    if heard is None:
        assert not [line for line in manager.lines if line.startswith("WATCHDOG_USEC")]


def test_an_abstract_address(tmp_path: Path) -> None:
    import socket

    name = f"vigil-{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        Notifier("@" + name).alive()
        assert listening.recv(100) == b"WATCHDOG=1"


def test_a_manager_that_has_gone_is_no_fault(tmp_path: Path) -> None:
    notifier = Notifier(str(tmp_path / "nobody"))
    notifier.ready("fine")
    notifier.close()
    notifier.alive()
    assert not Notifier.from_environment({}).is_heard
