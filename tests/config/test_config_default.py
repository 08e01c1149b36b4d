"""The default file: what it says is what applies."""

from __future__ import annotations

import re
from pathlib import Path

from edge.actions.outputs import Outputs, PinChange
from edge.actions.rules import Rules
from edge.config import Config, default_config, default_toml, parse_config
from edge.config.model import SETTINGS_TABLES
from edge.values import Event, EventState

INSTALLED = Path(__file__).resolve().parents[2] / "systemd" / "vigil.toml"


def test_the_installed_file_is_what_init_writes() -> None:
    assert INSTALLED.read_text(encoding="utf-8") == default_toml(), (
        "run: vigil config init > systemd/vigil.toml, after removing it"
    )


def test_the_default_file_is_sound_and_free_of_warnings() -> None:
    checked = parse_config(default_toml(), "default")
    assert checked.warnings == ()
    assert checked.config == default_config()


def test_the_defaults_in_the_comments_are_the_defaults() -> None:
    shown = re.sub(r"^#(?=\w+ = )", "", default_toml(), flags=re.MULTILINE)
    assert shown != default_toml()
    assert parse_config(shown, "shown").config == default_config()


def test_every_key_is_described() -> None:
    for name, model in SETTINGS_TABLES.items():
        for key, field in model.model_fields.items():
            assert field.description, f"[{name}] {key} has no description"
            assert f"#{key} = " in default_toml()


def test_settings_without_a_file_are_the_rooms_own() -> None:
    assert default_config().model_copy(update={"outputs": {}, "rules": ()}) == Config()


def test_the_default_rules_on_mock_pins() -> None:
    """A palm, then eyes that close for longer and longer: the buzzer escalates, and is silent once they open."""
    config = default_config()
    rules = Rules(config.rules)
    changes: list[PinChange] = []
    states = ["microsleep", "sleep", "unresponsive", "awake"]
    with Outputs.open(config.outputs, "mock", changes.append) as outputs:
        outputs.perform(rules.actions_for(Event(0.0, "gesture.palm", EventState.STARTED)), 0.0)
        for second, state in enumerate(states, start=1):
            t = float(second)
            events = [Event(t, f"drowsiness.{state}", EventState.STARTED)]
            if second > 1:
                events.insert(0, Event(t, f"drowsiness.{states[second - 2]}", EventState.ENDED))
            outputs.perform([each for event in events for each in rules.actions_for(event)], t)
            for step in range(1, 20):
                outputs.tick(t + step * 0.05)
    levels = {}
    for second in range(1, 5):
        levels[second] = [c.value for c in changes if c.output == "buzzer" and second <= c.t < second + 1]
    assert [c for c in changes if c.output == "lamp"] == [PinChange(0.0, "lamp", 1.0), PinChange(4.95, "lamp", 0.0)]
    assert levels[1] == [1.0, 0.0, 1.0, 0.0, 1.0], "beeps of 0.2 s"
    assert levels[2] == [0.0, 1.0] * 4 + [0.0], "beeps of 0.1 s; it sounded already at the takeover"
    assert levels[3] == [1.0], "without a pause"
    assert levels[4] == [0.0], "silent"
