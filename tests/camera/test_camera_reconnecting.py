"""A camera that vanishes, and comes back or doesn't."""

import logging

import pytest

from edge.camera.errors import CameraLostError, CameraSpentError
from edge.camera.fakes import FakeClock, FakePicamera2Module, FakeSource, blank
from edge.camera.picamera import Picamera2Source
from edge.camera.reconnecting import Backoff, Reconnecting
from edge.camera.settings import CameraSettings
from edge.errors import CameraError
from edge.values import Frame


def frames(*numbers: int) -> list[Frame]:
    return [Frame(blank(number), index * 0.04, index) for index, number in enumerate(numbers)]


def reconnecting(source, clock: FakeClock, happened: list, **backoff) -> Reconnecting:
    return Reconnecting(
        source,
        Backoff(**backoff),
        on_lost=lambda reason: happened.append(("lost", clock.now, reason)),
        on_recovered=lambda absent: happened.append(("recovered", clock.now, absent)),
        monotonic=clock,
        wait=clock.wait,
    )


def test_vanish_back_off_recovery() -> None:
    fake = FakeSource([frames(1, 2), None, None, None, [], frames(3, 4)])
    clock, happened = FakeClock(), []
    source = reconnecting(fake, clock, happened, first_seconds=1, max_seconds=5)
    source.open()
    delivered = [source.read() for _ in range(4)]
    assert [int(frame.image[0, 0, 0]) for frame in delivered] == [1, 2, 3, 4]
    assert clock.waits == [1, 2, 4, 5, 5]
    assert happened == [("lost", 0, "fake: vanished"), ("recovered", 17, 17)]
    assert [frame.index for frame in delivered] == [0, 1, 2, 3]
    assert [frame.t for frame in delivered] == pytest.approx([0, 0.04, 17.04, 17.08])
    assert fake.events == [
        *("open", "frame 1", "frame 2", "lost"),
        *("close", "open failed", "open failed", "open failed", "open", "lost"),
        *("close", "open", "frame 3", "frame 4"),
    ]


def test_a_second_loss_starts_with_the_first_wait_again() -> None:
    clock, happened = FakeClock(), []
    fake = FakeSource([frames(1), None, frames(2), frames(3)])
    source = reconnecting(fake, clock, happened, first_seconds=0.5)
    source.open()
    assert [source.read().index for _ in range(3)] == [0, 1, 2]
    assert clock.waits == [0.5, 1, 0.5]
    assert [what for what, *_ in happened] == ["lost", "recovered"] * 2


def test_it_gives_up_after_the_limit() -> None:
    clock, happened = FakeClock(), []
    source = reconnecting(FakeSource([frames(1)]), clock, happened, first_seconds=1, max_seconds=4, give_up_seconds=10)
    source.open()
    source.read()
    with pytest.raises(CameraLostError, match=r"lost for 11 s, and the limit .* is 10 s"):
        source.read()
    assert clock.waits == [1, 2, 4, 4]
    assert [what for what, *_ in happened] == ["lost"]


def test_the_first_open_does_not_retry() -> None:
    clock = FakeClock()
    with pytest.raises(CameraError, match="cannot be opened"):
        reconnecting(FakeSource([None]), clock, []).open()
    assert clock.waits == []


def test_an_interrupted_wait_ends_the_reading() -> None:
    source = Reconnecting(FakeSource([frames(1)]), Backoff(first_seconds=3600, max_seconds=3600))
    source.open()
    source.read()
    source.interrupt()
    assert source.read() is None


def test_a_picamera2_is_not_reopened_beyond_a_few_tries(caplog) -> None:
    caplog.set_level(logging.INFO)
    module, clock, happened = FakePicamera2Module([blank()]), FakeClock(), []
    source = reconnecting(Picamera2Source(0, CameraSettings(), module), clock, happened, first_seconds=1)
    source.open()
    source.read()
    with pytest.raises(CameraLostError, match="opened 3 times already") as raised:
        source.read()
    assert isinstance(raised.value.__cause__, CameraSpentError)
    assert module.events.count("open") == 3
    assert clock.waits == [1, 2, 4]
