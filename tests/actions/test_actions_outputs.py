"""Outputs on gpiozero's mock pins: the sequence of what the pins did, and safety when something fails."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from gpiozero.pins.mock import MockPin

from edge.actions import outputs as outputs_module
from edge.actions.commands import Beep, Command, Off, On, Pulse, Toggle, Value
from edge.actions.devices import PinError, explain
from edge.actions.outputs import Outputs, PinChange
from edge.actions.rules import Instruction, Kind, Rule, Rules
from edge.actions.settings import (
    BuzzerSettings,
    LedSettings,
    OutputSettings,
    PwmSettings,
    RelaySettings,
    ServoSettings,
)
from edge.errors import OutputError
from edge.values import Action, Event, EventState

LAMP = LedSettings(pin=17)
BUZZER = BuzzerSettings(pin=18)


def do(command: Command, because: str = "gesture.palm") -> list[Instruction]:
    return [Instruction(Kind.DO, 0, command, because, because)]


class Bench:
    """Outputs on mock pins, and everything that the pins did."""

    def __init__(self, **settings: OutputSettings) -> None:
        self.changes: list[PinChange] = []
        self.outputs = Outputs.open(settings, pins="mock", record=self.changes.append)

    @property
    def sequence(self) -> list[tuple[float, str, float | None]]:
        return [(change.t, change.output, change.value) for change in self.changes]

    def level_of(self, pin: int) -> float:
        return self.outputs.pin_factory.pin(pin).state


@pytest.fixture
def bench() -> Any:
    benches: list[Bench] = []

    def build(**settings: OutputSettings) -> Bench:
        benches.append(Bench(**settings))
        return benches[-1]

    yield build
    for each in benches:
        each.outputs.close()


Build = Callable[..., Bench]


def test_on_and_off_reach_the_pin_and_the_log(bench: Build) -> None:
    b = bench(lamp=LAMP)
    assert b.outputs.perform(do(On(output="lamp")), 1.0) == (Action(1.0, "lamp", "on", "gesture.palm"),)
    assert b.level_of(17) == 1
    assert b.outputs.perform(do(Off(output="lamp"), "gesture.fist"), 2.0) == (
        Action(2.0, "lamp", "off", "gesture.fist"),
    )
    assert b.level_of(17) == 0
    assert b.sequence == [(1.0, "lamp", 1.0), (2.0, "lamp", 0.0)]


def test_what_changes_nothing_is_not_reported(bench: Build) -> None:
    b = bench(lamp=LAMP)
    b.outputs.perform(do(On(output="lamp")), 1.0)
    assert b.outputs.perform(do(On(output="lamp"), "gesture.ok"), 2.0) == ()
    assert len(b.changes) == 1


def test_an_active_low_relay_is_off_at_3v3(bench: Build) -> None:
    b = bench(relay=RelaySettings(pin=27, active_high=False))
    assert b.level_of(27) == 1
    b.outputs.perform(do(Toggle(output="relay")), 1.0)
    assert b.level_of(27) == 0
    assert b.sequence == [(1.0, "relay", 1.0)]


def test_initial_states(bench: Build) -> None:
    b = bench(lamp=LedSettings(pin=17, initial="on"), fan=PwmSettings(pin=12, initial=0.5), arm=ServoSettings(pin=13))
    assert (b.level_of(17), b.level_of(12), b.level_of(13)) == (1, 0.5, 0)


def test_pwm_and_servo_take_values(bench: Build) -> None:
    b = bench(fan=PwmSettings(pin=12), arm=ServoSettings(pin=13, min_pulse_ms=1, max_pulse_ms=2))
    (report,) = b.outputs.perform(do(Value(output="fan", value=0.25)), 0.0)
    assert (report.action, b.level_of(12)) == ("value 0.25", 0.25)
    b.outputs.perform(do(Value(output="arm", value=1)), 0.0)
    assert b.level_of(13) == pytest.approx(0.1), "2 ms of 20 ms"
    b.outputs.perform(do(Off(output="arm")), 1.0)
    assert b.level_of(13) == 0
    assert b.sequence == [(0.0, "fan", 0.25), (0.0, "arm", 1.0), (1.0, "arm", None)]


def test_the_buzzer_beeps_from_microsleep_until_it_is_over(bench: Build) -> None:
    rule = Rule.model_validate(
        {"while": "drowsiness.microsleep", "do": {"output": "buzzer", "action": "beep", "count": None}}
    )
    rules = Rules([rule])
    b = bench(buzzer=BUZZER)
    started = rules.actions_for(Event(10.0, "drowsiness.microsleep", EventState.STARTED))
    ended = rules.actions_for(Event(10.7, "drowsiness.microsleep", EventState.ENDED))
    assert b.outputs.perform(started, 10.0) == (Action(10.0, "buzzer", "beep", "drowsiness.microsleep"),)
    for tenth in range(101, 107):
        assert b.outputs.tick(tenth / 10) == ()
    assert b.outputs.perform(ended, 10.7) == (Action(10.7, "buzzer", "off", "drowsiness.microsleep ended"),)
    b.outputs.tick(20.0)
    assert b.sequence == [
        (10.0, "buzzer", 1.0),
        (10.2, "buzzer", 0.0),
        (10.4, "buzzer", 1.0),
        (10.6, "buzzer", 0.0),
    ]


def test_a_takeover_at_one_moment_leaves_no_gap(bench: Build) -> None:
    rules = Rules(
        [
            Rule.model_validate({"while": "drowsiness.microsleep", "do": {"output": "buzzer", "action": "beep"}}),
            Rule.model_validate({"while": "drowsiness.sleep", "do": {"output": "buzzer", "action": "on"}}),
        ]
    )
    b = bench(buzzer=BUZZER)
    b.outputs.perform(rules.actions_for(Event(0.0, "drowsiness.microsleep", EventState.STARTED)), 0.0)
    both = [
        *rules.actions_for(Event(1.5, "drowsiness.microsleep", EventState.ENDED)),
        *rules.actions_for(Event(1.5, "drowsiness.sleep", EventState.STARTED)),
    ]
    assert b.outputs.perform(both, 1.5) == (Action(1.5, "buzzer", "on", "drowsiness.sleep"),)
    assert b.sequence == [(0.0, "buzzer", 1.0)]


def test_the_end_of_a_pulse_is_reported(bench: Build) -> None:
    b = bench(relay=RelaySettings(pin=27))
    b.outputs.perform(do(Pulse(output="relay", on_seconds=0.5)), 1.0)
    assert b.outputs.tick(1.4) == ()
    assert b.outputs.tick(1.5) == (Action(1.5, "relay", "off", "pulse over"),)
    assert b.sequence == [(1.0, "relay", 1.0), (1.5, "relay", 0.0)]


def test_a_second_pulse_starts_anew(bench: Build) -> None:
    b = bench(relay=RelaySettings(pin=27))
    b.outputs.perform(do(Pulse(output="relay", on_seconds=0.5)), 1.0)
    assert len(b.outputs.perform(do(Pulse(output="relay", on_seconds=0.5)), 1.3)) == 1
    b.outputs.tick(1.6)
    assert b.level_of(27) == 1
    b.outputs.tick(1.8)
    assert b.level_of(27) == 0


def test_time_never_runs_backwards(bench: Build) -> None:
    b = bench(buzzer=BUZZER)
    b.outputs.tick(5.0)
    b.outputs.perform(do(Beep(output="buzzer", on_seconds=0.2)), 4.0)
    assert b.outputs.tick(4.5) == (), "a late frame does not swallow the beep"
    b.outputs.tick(5.2)
    assert b.sequence == [(5.0, "buzzer", 1.0), (5.2, "buzzer", 0.0)]


def test_make_safe_forgets_and_reports(bench: Build) -> None:
    b = bench(lamp=LAMP, fan=PwmSettings(pin=12, safe=0.3), idle=LedSettings(pin=5))
    b.outputs.perform(do(On(output="lamp")), 1.0)
    assert b.outputs.make_safe("camera lost", 2.0) == (
        Action(2.0, "lamp", "off", "camera lost"),
        Action(2.0, "fan", "value 0.3", "camera lost"),
    )
    assert b.sequence[1:] == [(2.0, "lamp", 0.0), (2.0, "fan", 0.3)]
    b.outputs.perform(do(On(output="lamp")), 3.0)
    assert b.level_of(17) == 1, "it goes on working afterwards"


def test_leaving_by_an_error_makes_safe() -> None:
    changes: list[PinChange] = []

    def crash() -> None:
        with Outputs.open({"lamp": LAMP}, "mock", changes.append) as outputs:
            outputs.perform(do(On(output="lamp")), 1.0)
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        crash()
    assert [change.value for change in changes] == [1.0, 0.0]


def test_a_process_that_exits_without_closing_makes_safe() -> None:
    program = """
from edge.actions.outputs import Outputs
from edge.actions.rules import Instruction, Kind
from edge.actions.commands import On
from edge.actions.settings import LedSettings
o = Outputs.open({"lamp": LedSettings(pin=17)}, "mock", lambda change: print(change.output, change.value))
o.perform([Instruction(Kind.DO, 0, On(output="lamp"), "face", "face")], 1.0)
raise SystemExit(3)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (3, ["lamp", "1.0", "lamp", "0.0"]), done.stderr


def break_pin(outputs: Outputs, pin: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every later write to ``pin`` fail."""
    broken = outputs.pin_factory.pin(pin)
    original = MockPin._set_state

    def refuse(self: MockPin, value: float) -> None:
        if self is broken:
            raise OSError("no permission to perform action")
        original(self, value)

    monkeypatch.setattr(type(broken), "_set_state", refuse)


def test_one_broken_pin_does_not_keep_the_others_from_being_made_safe(
    bench: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = bench(lamp=LAMP, buzzer=BUZZER, relay=RelaySettings(pin=27))
    for name in ("lamp", "buzzer", "relay"):
        b.outputs.perform(do(On(output=name)), 1.0)
    break_pin(b.outputs, 17, monkeypatch)
    with pytest.raises(OutputError, match=r"\[outputs\.lamp\] GPIO17 can't be set to 0\.0: no permission.*gpio"):
        b.outputs.make_safe("stop", 2.0)
    assert (b.level_of(18), b.level_of(27)) == (0, 0)


def test_a_broken_pin_is_named(bench: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    b = bench(lamp=LAMP)
    break_pin(b.outputs, 17, monkeypatch)
    with pytest.raises(PinError, match=r"\[outputs\.lamp\] GPIO17 can't be set to 1\.0") as caught:
        b.outputs.perform(do(On(output="lamp")), 1.0)
    assert caught.value.exit_status == 71


def test_a_busy_pin_names_output_pin_and_remedy_and_frees_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []

    def open_and_keep(name: str) -> Any:
        opened.append(original(name))
        return opened[-1]

    original = outputs_module.open_pins
    monkeypatch.setattr(outputs_module, "open_pins", open_and_keep)
    same = {"lamp": LedSettings(pin=17, initial="on"), "other": LedSettings(pin=17)}
    with pytest.raises(PinError, match=r"\[outputs\.other\] GPIO17 can't be used: .*in use.*gpioinfo"):
        Outputs.open(same, "mock")
    assert opened[0].pin(17).function == "input", "closed again"


def test_an_unknown_output_is_refused_with_the_known(bench: Build) -> None:
    b = bench(lamp=LAMP)
    with pytest.raises(OutputError, match="'lamb'; the config has lamp"):
        b.outputs.perform(do(On(output="lamb")), 1.0)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("'GPIO busy'"), "gpioinfo"),
        (PermissionError(13, "Permission denied"), "usermod -aG gpio"),
        (ValueError("strange"), "strange"),
        (ValueError(), "ValueError"),
    ],
)
def test_faults_are_explained(error: Exception, words: str) -> None:
    assert words in explain(error)


def test_two_threads_may_drive_the_outputs(bench: Build) -> None:
    b = bench(lamp=LAMP, buzzer=BUZZER)
    errors: list[Exception] = []

    def tick() -> None:
        try:
            for n in range(300):
                b.outputs.tick(n / 100)
        except Exception as error:
            errors.append(error)

    ticker = threading.Thread(target=tick)
    ticker.start()
    for n in range(300):
        b.outputs.perform(do(Beep(output="buzzer", on_seconds=0.05, off_seconds=0.05, count=2)), n / 100)
        b.outputs.perform(do(Toggle(output="lamp")), n / 100)
    ticker.join(10)
    assert not errors
    assert not ticker.is_alive()
    assert b.level_of(17) == 0
