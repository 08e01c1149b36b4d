"""The newest frame wins."""

import threading

import pytest

from edge.camera.errors import CameraLostError
from edge.camera.fakes import FakeSource, blank
from edge.camera.latest import LatestFrames
from edge.camera.pacing import Paced
from edge.camera.source import Source
from edge.errors import InputError
from edge.values import Frame

SOON = 5.0


class SteppedSource(Source):
    """Delivers a frame whenever the test calls :meth:`deliver`, which returns once it is in the mailbox."""

    live = True
    name = "stepped"

    def __init__(self, end: Exception | None = None) -> None:
        self.closed = threading.Event()
        self._go = threading.Semaphore(0)
        self._asked = threading.Semaphore(0)
        self._remaining = 0
        self._end = end
        self._index = 0

    def open(self) -> None:
        pass

    def deliver(self) -> None:
        self._remaining += 1
        self._step()

    def end(self) -> None:
        self._go.release()

    def _step(self) -> None:
        self._go.release()
        assert self._asked.acquire(timeout=SOON)

    def wait_until_asked(self) -> None:
        assert self._asked.acquire(timeout=SOON)

    def read(self) -> Frame | None:
        self._asked.release()
        assert self._go.acquire(timeout=SOON)
        if not self._remaining:
            if self._end:
                raise self._end
            return None
        self._remaining -= 1
        self._index += 1
        return Frame(blank(self._index), self._index / 10, self._index)

    def interrupt(self) -> None:
        self._go.release()

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def source() -> SteppedSource:
    return SteppedSource()


def started(source: Source) -> LatestFrames:
    frames = LatestFrames(source)
    frames.start()
    if isinstance(source, SteppedSource):
        source.wait_until_asked()
    return frames


def test_a_slow_reader_gets_the_newest_and_nothing_queues(source: SteppedSource) -> None:
    frames = started(source)
    for _ in range(5):
        source.deliver()
    assert frames.read(SOON).index == 5
    assert frames.dropped == 4
    assert frames.read(0.01) is None
    source.deliver()
    assert frames.read(SOON).index == 6
    assert frames.stop(SOON) == ()
    assert source.closed.is_set()


def test_the_last_frame_is_delivered_before_the_end(source: SteppedSource) -> None:
    frames = started(source)
    source.deliver()
    source.end()
    assert source.closed.wait(SOON)
    assert not frames.ended
    assert frames.read(SOON).index == 1
    assert frames.read(SOON) is None
    assert frames.ended


@pytest.mark.parametrize("error", [CameraLostError("gone for good"), InputError("damaged"), ZeroDivisionError()])
def test_an_error_of_the_source_reaches_the_reader_once(error: Exception) -> None:
    source = SteppedSource(error)
    frames = started(source)
    source.end()
    assert source.closed.wait(SOON)
    assert not frames.ended
    with pytest.raises(type(error)):
        frames.read(SOON)
    assert frames.ended
    assert frames.read(SOON) is None


def test_stop_names_what_did_not_stop() -> None:
    class Stuck(SteppedSource):
        name = "stuck:0"

        def interrupt(self) -> None:
            """A driver that hangs hears nothing."""

    source = Stuck()
    frames = started(source)
    assert frames.stop(deadline_seconds=0.05) == ("frames of stuck:0",)
    source.end()
    assert frames.stop(SOON) == ()


def test_stop_before_start_is_harmless(source: SteppedSource) -> None:
    assert LatestFrames(source).stop() == ()


def test_paced_delivers_each_frame_at_its_time() -> None:
    now, waits = [100.0], []
    source = Paced(FakeSource([[Frame(blank(), t, 0) for t in (0.0, 0.04, 0.08, 0.12)]]), monotonic=lambda: now[0])
    source._wait = lambda seconds: waits.append(round(seconds, 3))
    source.open()
    for busy in (0.01, 0.0, 0.1, 0.0):
        source.read()
        now[0] += busy
    assert source.live
    assert waits == [0.03, 0.07, 0.01]


def test_an_interrupted_paced_source_stops_at_once() -> None:
    source = Paced(FakeSource([[Frame(blank(), t, 0) for t in (0.0, 3600.0)]]))
    source.open()
    source.read()
    source.interrupt()
    assert source.read() is None
