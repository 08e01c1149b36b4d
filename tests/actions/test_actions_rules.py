"""Which instructions an event calls for, and which rules are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from edge.actions.commands import Beep, Blink, On
from edge.actions.patterns import SquareWave
from edge.actions.rules import Kind, Rule, Rules
from edge.values import Event, EventState


def rule(**table: Any) -> Rule:
    return Rule.model_validate_json(json.dumps(table), strict=True)


def event(name: str, state: EventState = EventState.STARTED) -> Event:
    return Event(1.0, name, state)


def test_text_and_table_say_the_same() -> None:
    text = rule(when="gesture.palm", do="lamp.on")
    assert text.do == On(output="lamp")
    assert text == rule(when="gesture.palm", do={"output": "lamp", "action": "on"})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"do": "lamp.on"}, "either `when` or `while`"),
        ({"when": "face", "while": "face", "do": "lamp.on"}, "either `when` or `while`"),
        ({"while": "face", "state": "ended", "do": "lamp.on"}, "`state` goes with `when`"),
        ({"while": "face", "do": "lamp.toggle"}, "toggle"),
        ({"when": "face", "do": "lamp"}, "output.action"),
        ({"when": "face", "do": ".on"}, "output.action"),
        ({"when": "face", "do": 3}, "output.action"),
        ({"when": "face", "do": "lamp.dance"}, "dance"),
        ({"when": "face", "do": "lamp.value"}, "value"),
        ({"when": "face", "do": {"output": "lamp", "action": "blink", "cuont": 3}}, "cuont"),
    ],
)
def test_senseless_rules_are_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        rule(**table)


def test_when_acts_on_its_state_only() -> None:
    rules = Rules([rule(when="face", do="lamp.on"), rule(when="face", state="ended", do="lamp.off")])
    (started,) = rules.actions_for(event("face"))
    (ended,) = rules.actions_for(event("face", EventState.ENDED))
    assert (started.kind, started.rule, started.command.action, started.because) == (Kind.DO, 0, "on", "face")
    assert (ended.kind, ended.rule, ended.command.action, ended.because) == (Kind.DO, 1, "off", "face ended")
    assert rules.actions_for(event("gesture.palm")) == ()


def test_while_holds_and_releases() -> None:
    rules = Rules([rule(**{"while": "drowsiness.microsleep", "do": "buzzer.beep"})])
    (hold,) = rules.actions_for(event("drowsiness.microsleep"))
    (release,) = rules.actions_for(event("drowsiness.microsleep", EventState.ENDED))
    assert (hold.kind, release.kind) == (Kind.HOLD, Kind.RELEASE)
    assert (hold.event, release.because) == ("drowsiness.microsleep", "drowsiness.microsleep ended")


def test_all_rules_about_an_event_act_in_order() -> None:
    rules = Rules([rule(when="gesture.ok", do="a.on"), rule(when="gesture.ok", do="b.off")])
    assert [each.command.output for each in rules.actions_for(event("gesture.ok"))] == ["a", "b"]


def test_a_beep_without_count_is_one_sound_or_lasts() -> None:
    beep = Beep(output="buzzer", on_seconds=0.1, off_seconds=0.2)
    assert beep.wave(endless=False) == SquareWave(0.1, 0.2, 1)
    assert beep.wave(endless=True) == SquareWave(0.1, 0.2, None)
    assert Beep(output="buzzer", count=3).wave(endless=True).count == 3
    assert Blink(output="lamp").wave(endless=False).count is None
