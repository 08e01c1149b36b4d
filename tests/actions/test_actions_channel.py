"""Who has the say over one output."""

from __future__ import annotations

import pytest

from edge.actions.channel import Channel, describe_level
from edge.actions.commands import Beep, Blink, Command, Off, On, Pulse, Toggle, Value
from edge.actions.rules import Instruction, Kind
from edge.actions.settings import Level


def do(command: Command, because: str = "gesture.palm") -> Instruction:
    return Instruction(Kind.DO, 0, command, because, because)


def hold(rule: int, event: str, command: Command) -> Instruction:
    return Instruction(Kind.HOLD, rule, command, event, event)


def release(rule: int, event: str = "") -> Instruction:
    return Instruction(Kind.RELEASE, rule, On(output="x"), event, f"{event} ended")


BLINK = Blink(output="x", on_seconds=0.5, off_seconds=0.5)
SLOW = Beep(output="x", on_seconds=0.4, off_seconds=0.4)
FAST = Beep(output="x", on_seconds=0.1, off_seconds=0.1)


def test_toggle_goes_by_the_state() -> None:
    channel = Channel(initial=0.0)
    actions = []
    for t in range(3):
        channel.apply(do(Toggle(output="x")), float(t))
        actions.append(channel.drive.action)
    assert actions == ["on", "off", "on"]


def test_toggle_stops_a_blink() -> None:
    channel = Channel(initial=0.0)
    channel.apply(do(BLINK), 0.0)
    channel.apply(do(Toggle(output="x")), 1.0)
    assert channel.drive.action == "off"


def test_a_pulse_returns_to_the_steady_state() -> None:
    channel = Channel(initial=0.0)
    channel.apply(do(On(output="x")), 0.0)
    channel.apply(do(Blink(output="x", on_seconds=0.1, off_seconds=0.1, count=2)), 1.0)
    assert channel.drive.level_at(1.15) == 0.0
    channel.expire(1.31)
    assert (channel.drive.action, channel.drive.level_at(1.31)) == ("on", 1.0)


def test_no_gesture_silences_a_held_alarm() -> None:
    channel = Channel(initial=0.0)
    channel.apply(hold(1, "drowsiness.microsleep", SLOW), 0.0)
    channel.apply(do(Off(output="x"), "gesture.fist"), 0.5)
    assert channel.drive.action == "beep"
    channel.apply(release(1), 1.0)
    assert channel.drive.action == "off"


def test_what_a_gesture_set_beneath_an_alarm_shows_when_it_is_over() -> None:
    channel = Channel(initial=0.0)
    channel.apply(hold(1, "drowsiness.microsleep", SLOW), 0.0)
    channel.apply(do(On(output="x")), 0.5)
    channel.apply(release(1), 1.0)
    assert channel.drive.action == "on"


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_more_urgent_of_two_holds_wins_whichever_came_first(order: tuple[int, int]) -> None:
    holds = {1: hold(1, "drowsiness.microsleep", SLOW), 2: hold(2, "drowsiness.sleep", FAST)}
    channel = Channel(initial=0.0)
    for number in order:
        channel.apply(holds[number], 0.0)
    assert channel.drive.because == "drowsiness.sleep"


def test_of_equally_urgent_holds_the_last_wins_and_the_earlier_resumes_where_it_would_be() -> None:
    channel = Channel(initial=0.0)
    channel.apply(hold(1, "gesture.palm", SLOW), 0.0)
    channel.apply(hold(2, "face", On(output="x")), 0.1)
    assert channel.drive.because == "face"
    channel.apply(release(2), 0.5)
    assert (channel.drive.because, channel.drive.start) == ("gesture.palm", 0.0)
    assert channel.drive.level_at(0.5) == 0.0
    assert channel.drive.level_at(0.8) == 1.0


def test_a_hold_that_starts_again_without_an_end_is_one_hold() -> None:
    channel = Channel(initial=0.0)
    channel.apply(hold(1, "face", SLOW), 0.0)
    channel.apply(hold(1, "face", SLOW), 0.7)
    assert channel.drive.start == 0.0
    channel.apply(release(1), 1.0)
    assert channel.drive.action == "off"


def test_releasing_what_is_not_held_changes_nothing() -> None:
    channel = Channel(initial=1.0)
    channel.apply(release(5), 0.0)
    assert channel.drive.action == "on"


def test_a_held_pattern_that_is_over_gives_way() -> None:
    channel = Channel(initial=0.0)
    channel.apply(hold(1, "face", Pulse(output="x", on_seconds=0.2)), 0.0)
    channel.expire(0.2)
    assert channel.drive.action == "off"


def test_reset_forgets_every_layer() -> None:
    channel = Channel(initial=0.0)
    channel.apply(do(BLINK), 0.0)
    channel.apply(hold(1, "face", SLOW), 0.0)
    channel.reset(0.0, "camera lost")
    assert (channel.drive.action, channel.drive.because, channel.is_moving) == ("off", "camera lost", False)


@pytest.mark.parametrize(
    ("level", "off", "words"),
    [
        (0.0, 0.0, "off"),
        (1.0, 0.0, "on"),
        (0.25, 0.0, "value 0.25"),
        (None, None, "off"),
        (0.0, None, "value 0"),
        (1.0, None, "value 1"),
    ],
)
def test_levels_in_words(level: Level, off: Level, words: str) -> None:
    assert describe_level(level, off) == words


def test_a_servo_goes_to_a_position_and_off() -> None:
    channel = Channel(initial=None, off=None)
    channel.apply(do(Value(output="x", value=-1)), 0.0)
    assert channel.drive.level_at(0.0) == -1
    channel.apply(do(Off(output="x")), 0.0)
    assert channel.drive.level_at(0.0) is None
