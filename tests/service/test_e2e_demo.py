"""The demo scene through the shipped networks: what happens to the pins, and when."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.actions.outputs import Outputs, PinChange
from edge.actions.rules import Rules
from edge.camera import CameraSettings, open_source
from edge.camera.demo.script import EYES_CLOSED, SCRIPT, Cue
from edge.config import default_config
from edge.perception.observer import Observer
from edge.service.daemon import Daemon, Totals
from edge.service.eventlog import as_json
from edge.service.feed import EveryFrame
from edge.timeline import Timeline, TimelineSettings
from edge.values import Action, Event, EventState

CUES: dict[str, Cue] = {cue.what: cue for cue in SCRIPT}
HOLD_S = 0.5
MICROSLEEP_S = 1.5
MARGIN_S = 0.8
"""A hand is read a little before it is wholly up or a little after; smoothing adds its share."""


DETAILS = {
    "face": {"faces", "seen_seconds"},
    "gesture": {"probability", "track", "held_seconds"},
    "emotion": {"probability", "held_seconds"},
    "drowsiness": {"closure_seconds", "perclos_60s", "perclos_180s", "withheld", "reason", "seconds"},
}
"""What an event's line may have beside its time, name and state, by family."""


@dataclass
class Played:
    totals: Totals
    told: list[Event | Action] = field(default_factory=list)
    pins: list[PinChange] = field(default_factory=list)

    def started(self, name: str) -> list[float]:
        return [
            entry.t
            for entry in self.told
            if isinstance(entry, Event) and entry.name == name and entry.state is EventState.STARTED
        ]

    def sequence(self, output: str) -> list[tuple[float, float | None]]:
        return [(change.t, change.value) for change in self.pins if change.output == output]


@pytest.fixture(scope="module")
def played(models_dir: Path) -> Played:
    config = default_config()
    told: list[Event | Action] = []
    pins: list[PinChange] = []
    with Outputs.open(config.outputs, "mock", record=pins.append) as outputs:
        observer = Observer.load(models_dir, config.tasks, config.detection)
        daemon = Daemon(observer, Timeline(TimelineSettings()), Rules(config.rules), outputs, [told.append])
        feed = EveryFrame(open_source(CameraSettings(source="demo")))
        totals = daemon.run(feed, realtime=False)
        feed.close()
    return Played(totals, told, pins)


def test_the_face_is_found_in_nearly_every_frame(played: Played) -> None:
    assert played.totals.frames == 600
    assert played.totals.faces >= 0.95 * played.totals.frames


@pytest.mark.parametrize("gesture", ["palm", "fist", "thumb_up"])
def test_each_gesture_starts_once_while_it_is_shown(played: Played, gesture: str) -> None:
    (t,) = played.started(f"gesture.{gesture}")
    cue = CUES[gesture]
    assert cue.start_s <= t <= cue.start_s + HOLD_S + MARGIN_S


def test_no_gesture_is_seen_that_nobody_shows(played: Played) -> None:
    gestures = {e.name for e in played.told if isinstance(e, Event) and e.name.startswith("gesture.")}
    assert gestures == {"gesture.palm", "gesture.fist", "gesture.thumb_up"}


def test_the_lamp_goes_on_at_the_palm_and_off_at_the_fist(played: Played) -> None:
    (on, lit), (off, dark) = played.sequence("lamp")
    assert (lit, dark) == (1.0, 0.0)
    assert CUES["palm"].start_s <= on <= CUES["palm"].start_s + HOLD_S + MARGIN_S
    assert CUES["fist"].start_s <= off <= CUES["fist"].start_s + HOLD_S + MARGIN_S


def test_the_thumb_switches_the_relay_and_the_end_of_the_run_releases_it(played: Played) -> None:
    (on, closed), (off, opened) = played.sequence("relay")
    assert (closed, opened) == (1.0, 0.0)
    assert CUES["thumb_up"].start_s <= on <= CUES["thumb_up"].start_s + HOLD_S + MARGIN_S
    assert off == played.totals.last_t


def test_the_buzzer_wakes_the_sleeper(played: Played) -> None:
    closed = CUES[EYES_CLOSED]
    sequence = played.sequence("buzzer")
    first, value = sequence[0]
    assert value == 1.0
    assert closed.start_s - 0.15 + MICROSLEEP_S <= first <= closed.start_s + MICROSLEEP_S + 0.2
    assert [value for _, value in sequence] == [1.0, 0.0] * (len(sequence) // 2)
    assert sequence[-1][0] <= closed.end_s + MARGIN_S


def test_microsleep_happens_once_and_the_driver_wakes(played: Played) -> None:
    (asleep,) = played.started("drowsiness.microsleep")
    assert max(played.started("drowsiness.awake")) > asleep
    assert played.started("drowsiness.sleep") == []


def test_every_line_of_the_record_has_the_contract(played: Played) -> None:
    """The keys in order, plain JSON, times that grow, and a cause for every action."""
    lines = [json.loads(json.dumps(as_json(entry), allow_nan=False)) for entry in played.told]
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    happened = {"end of source"}
    for line in lines:
        if "output" in line:
            assert list(line) == ["t", "output", "action", "because"]
            assert line["because"] in happened
        else:
            assert list(line)[:3] == ["t", "event", "state"]
            assert set(line) - {"t", "event", "state"} <= DETAILS[line["event"].partition(".")[0]]
            happened |= {line["event"]} if line["state"] == "started" else {f"{line['event']} ended"}


def test_whatever_starts_ends_once(played: Played) -> None:
    open_events: set[str] = set()
    for entry in played.told:
        if isinstance(entry, Event):
            was_open = entry.name in open_events
            assert was_open == (entry.state is EventState.ENDED), entry
            open_events ^= {entry.name}
    assert open_events == set()


def test_blinks_alarm_nobody(played: Played) -> None:
    states = {e.name for e in played.told if isinstance(e, Event) and e.name.startswith("drowsiness.")}
    assert states <= {"drowsiness.awake", "drowsiness.microsleep"}
