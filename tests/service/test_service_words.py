from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from edge.errors import InputError
from edge.service.eventlog import EventFile, as_json, in_words
from edge.service.logs import JournalFormatter
from edge.timeline import DrowsinessState, Timeline, Unjudged
from edge.values import Action, Event, EventState


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Event(3.24, "gesture.thumb_up", EventState.STARTED), "00:03.2  thumb up shown"),
        (Event(3.24, "gesture.palm", EventState.ENDED), "00:03.2  palm let go"),
        (Event(61, "emotion.happy", EventState.STARTED), "01:01.0  looks happy"),
        (Event(0, "face", EventState.STARTED), "00:00.0  face appeared"),
        (Event(9, "drowsiness.microsleep", EventState.STARTED), "00:09.0  MICROSLEEP: eyes closed"),
        (Event(9, "drowsiness.awake", EventState.ENDED), None),
        (Action(9, "lamp", "on", "gesture.palm"), "00:09.0    → lamp on, because of gesture.palm"),
    ],
)
def test_words(entry: Event | Action, words: str | None) -> None:
    assert in_words(entry) == words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Unjudged.NO_FACE, "the driver's face is not in view"),
        (Unjudged.EYES_UNSEEN, "the driver's eyes can't be seen"),
        (Unjudged.FRAME_RATE, "too few frames a second"),
        (Unjudged.CAMERA_LOST, "the camera is lost"),
    ],
)
def test_why_the_driver_cannot_be_judged(reason: Unjudged, words: str) -> None:
    event = Event(75, "drowsiness.cannot-judge", EventState.STARTED, {"reason": reason.value})
    assert in_words(event) == f"01:15.0  cannot judge: {words}"


def test_every_state_of_the_driver_has_words() -> None:
    timeline = Timeline()
    states = [state for state in DrowsinessState if state is not DrowsinessState.CANNOT_JUDGE]
    told = [in_words(Event(1, state.event, EventState.STARTED)) for state in states]
    told += [in_words(event) for event in timeline.lost(2.0) if event.state is EventState.STARTED]
    assert None not in told
    assert len(set(told)) == len(DrowsinessState)


def test_event_file_is_json_lines_written_at_once(tmp_path: Path) -> None:
    file = EventFile(tmp_path / "events.jsonl")
    file(Event(1.23456, "gesture.palm", EventState.STARTED, {"probability": 0.987654}))
    file(Action(1.5, "lamp", "on", "gesture.palm"))
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert lines == [
        {"t": 1.235, "event": "gesture.palm", "state": "started", "probability": 0.9877},
        {"t": 1.5, "output": "lamp", "action": "on", "because": "gesture.palm"},
    ]
    file.close()


def test_event_file_in_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't write events here"):
        EventFile(tmp_path / "missing" / "events.jsonl")


def test_json_has_the_event_contract() -> None:
    assert as_json(Event(2, "face", EventState.ENDED)) == {"t": 2, "event": "face", "state": "ended"}


def test_journal_lines_carry_their_priority_and_stay_one_line() -> None:
    record = logging.LogRecord("edge.camera", logging.ERROR, "", 0, "first\nsecond", None, None)
    assert JournalFormatter("%(name)s: %(message)s").format(record) == "<3>edge.camera: first | second"
