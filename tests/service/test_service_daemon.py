"""The loop with scripted observations: what reaches the pins, and when; and that faults leave them safe."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from edge.actions.outputs import Outputs, PinChange
from edge.actions.rules import Rules
from edge.config import parse_config
from edge.service.daemon import Daemon
from edge.service.eventlog import as_json
from edge.service.heartbeat import Unheard
from edge.timeline import Timeline, TimelineSettings
from edge.values import Action, Box, Classification, Event, Frame, Hand, HandObservation, Observation

CONFIG = """
[outputs.lamp]
type = "led"
pin = 17

[outputs.buzzer]
type = "buzzer"
pin = 18

[[rules]]
when = "gesture.palm"
do = "lamp.on"

[[rules]]
when = "gesture.fist"
do = "lamp.off"

[[rules]]
while = "gesture.ok"
do = { output = "buzzer", action = "beep", on_seconds = 0.2, off_seconds = 0.2 }
"""

RATE_HZ = 20
BLACK = np.zeros((48, 64, 3), np.uint8)


def hand(gesture: str) -> HandObservation:
    probabilities = dict.fromkeys(("palm", "fist", "ok", "none"), 0.01) | {gesture: 0.97}
    return HandObservation(Hand(Box(10, 10, 40, 40), 0.9), 1, Classification(gesture, probabilities))


class Scripted:
    """Shows ``gesture_at(t)``; raises where it returns an exception."""

    def __init__(self, gesture_at: Callable[[float], str | Exception | None]) -> None:
        self._gesture_at = gesture_at

    def observe(self, frame: Frame) -> Observation:
        gesture = self._gesture_at(frame.t)
        if isinstance(gesture, Exception):
            raise gesture
        return Observation(frame.t, (), (hand(gesture),) if gesture else ())


class Recording:
    """A feed of black frames for ``seconds``; calls ``before(t)`` ahead of each."""

    def __init__(self, seconds: float, before: Callable[[float], None] = lambda t: None) -> None:
        self._times = iter(np.arange(0, seconds, 1 / RATE_HZ))
        self._before = before
        self.ended = False

    def next_frame(self, timeout_seconds: float) -> Frame | None:
        t = next(self._times, None)
        if t is None:
            self.ended = True
            return None
        self._before(float(t))
        return Frame(BLACK, float(t), round(t * RATE_HZ))

    def close(self) -> None:
        pass


class Counting(Unheard):
    """How many frames were processed."""

    frames = 0

    def frame_processed(self) -> None:
        self.frames += 1


class Stage:
    """A daemon on mock pins, and everything that it told and switched."""

    def __init__(self, gesture_at: Callable[[float], str | Exception | None]) -> None:
        config = parse_config(CONFIG, "test").config
        self.told: list[Event | Action] = []
        self.pins: list[PinChange] = []
        self.outputs = Outputs.open(config.outputs, "mock", record=self.pins.append)
        self.camera_is_lost = False
        self.heartbeat = Counting()
        self.daemon = Daemon(
            Scripted(gesture_at),
            Timeline(TimelineSettings()),
            Rules(config.rules),
            self.outputs,
            [self.told.append],
            camera_is_lost=lambda: self.camera_is_lost,
            heartbeat=self.heartbeat,
        )

    def sequence(self, output: str) -> list[tuple[float, float | None]]:
        return [(round(change.t, 2), change.value) for change in self.pins if change.output == output]


@pytest.fixture
def stage() -> Iterable[Callable[..., Stage]]:
    stages: list[Stage] = []

    def make(gesture_at: Callable[[float], str | Exception | None]) -> Stage:
        stages.append(Stage(gesture_at))
        return stages[-1]

    yield make
    for made in stages:
        made.outputs.close()


def palm_then_fist(t: float) -> str | None:
    return "palm" if 1 <= t < 3 else "fist" if 4 <= t < 6 else None


def test_gestures_switch_the_lamp_after_their_hold(stage: Callable[..., Stage]) -> None:
    scene = stage(palm_then_fist)
    totals = scene.daemon.run(Recording(7), realtime=False)
    (on, lit), (off, dark) = scene.sequence("lamp")
    assert (lit, dark) == (1.0, 0.0)
    assert 1.5 <= on <= 1.8
    assert 4.5 <= off <= 4.8
    assert (totals.frames, totals.hands) == (140, 80)


def test_every_event_and_action_is_told_in_order_of_time(stage: Callable[..., Stage]) -> None:
    scene = stage(palm_then_fist)
    scene.daemon.run(Recording(7), realtime=False)
    lines = [as_json(entry) for entry in scene.told]
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    gestures = [(line["event"], line["state"]) for line in lines if str(line.get("event")).startswith("gesture")]
    expected = [(f"gesture.{label}", state) for label in ("palm", "fist") for state in ("started", "ended")]
    assert gestures == expected
    assert {"t", "output", "action", "because"} == set(next(line for line in lines if "output" in line))


def test_patterns_follow_frame_time(stage: Callable[..., Stage]) -> None:
    scene = stage(lambda t: "ok" if 1 <= t < 3 else None)
    scene.daemon.run(Recording(5), realtime=False)
    times = [t for t, _ in scene.sequence("buzzer")]
    values = [value for _, value in scene.sequence("buzzer")]
    assert values[:4] == [1.0, 0.0, 1.0, 0.0]
    assert values[-1] == 0.0
    np.testing.assert_allclose(np.diff(times[:5]), 0.2, atol=1 / RATE_HZ + 0.01)
    assert 3.0 <= times[-1] <= 4.0


def test_a_fault_in_the_loop_leaves_the_outputs_safe(stage: Callable[..., Stage]) -> None:
    scene = stage(lambda t: RuntimeError("network fell over") if t > 2.5 else "palm")
    with pytest.raises(RuntimeError, match="network fell over"):
        scene.daemon.run(Recording(5), realtime=False)
    assert [value for _, value in scene.sequence("lamp")] == [1.0, 0.0]
    assert scene.told[-1] == Action(2.5, "lamp", "off", "fault")


def test_a_lost_camera_makes_the_outputs_safe_and_ends_what_was_going_on(stage: Callable[..., Stage]) -> None:
    scene = stage(lambda t: "palm" if t < 2 else None)
    scene.daemon.run(
        Recording(3, before=lambda t: scene.daemon.camera_lost("unplugged") if t == 1.5 else None), realtime=False
    )
    assert [value for _, value in scene.sequence("lamp")][:2] == [1.0, 0.0]
    assert "camera lost" in [entry.because for entry in scene.told if isinstance(entry, Action)]


@pytest.mark.parametrize("comes_back", [False, True], ids=["while it is lost", "as it comes back"])
def test_a_frame_of_before_the_loss_switches_nothing_after_it(stage: Callable[..., Stage], comes_back: bool) -> None:
    """The camera is lost while the frame that would light the lamp is looked at, as its reader is another thread."""

    def lose_at_hold(t: float) -> str:
        if t == 1.0:
            scene.camera_is_lost = not comes_back
            scene.daemon.camera_lost("unplugged")
        return "palm"

    def go_back(t: float) -> None:
        if t == 1.5:
            scene.camera_is_lost = False

    scene = stage(lose_at_hold)
    totals = scene.daemon.run(Recording(3, before=go_back), realtime=False)
    assert [value for _, value in scene.sequence("lamp")] == [1.0, 0.0, 1.0, 0.0]
    lit, dark, lit_again, _ = (t for t, _ in scene.sequence("lamp"))
    assert lit < dark <= 1.0
    assert lit_again > (1.0 if comes_back else 1.5)
    assert totals.frames == scene.heartbeat.frames == (59 if comes_back else 50)


def test_stop_from_another_thread_ends_the_run(stage: Callable[..., Stage]) -> None:
    scene = stage(lambda t: "palm")

    def stop_at_two(t: float) -> None:
        if t == 2.0:
            thread = threading.Thread(target=scene.daemon.stop)
            thread.start()
            thread.join()

    totals = scene.daemon.run(Recording(60, before=stop_at_two), realtime=False)
    assert totals.last_t == 2.0
    assert scene.sequence("lamp")[-1][1] == 0.0


def test_between_frames_patterns_follow_the_wall_clock(stage: Callable[..., Stage]) -> None:
    """Frames stop while the buzzer beeps: it goes on beeping, as a stalled camera must not freeze an alarm."""
    import time

    scene = stage(lambda t: "ok")
    scene.daemon.run(Recording(1.5, before=lambda t: time.sleep(0.9) if t == 1.4 else None), realtime=True)
    assert len(scene.sequence("buzzer")) >= 4
