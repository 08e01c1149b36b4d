"""What holds for every sequence of events, whatever the rules and the times."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.actions.commands import Beep, Blink, Off, On, Pulse, Toggle
from edge.actions.outputs import Outputs, PinChange
from edge.actions.rules import Instruction, Kind
from edge.actions.settings import BuzzerSettings, LedSettings

OUTPUTS = {"lamp": LedSettings(pin=17, safe="on"), "buzzer": BuzzerSettings(pin=18)}
PINS = {"lamp": 17, "buzzer": 18}
EVENTS = ["gesture.palm", "drowsiness.drowsy", "drowsiness.sleep"]

phases = st.sampled_from([0.05, 0.2, 1.0])
names = st.sampled_from(sorted(OUTPUTS))
commands = st.one_of(
    st.builds(On, output=names),
    st.builds(Off, output=names),
    st.builds(Toggle, output=names),
    st.builds(Pulse, output=names, on_seconds=phases),
    st.builds(Blink, output=names, on_seconds=phases, off_seconds=phases, count=st.none() | st.integers(1, 3)),
    st.builds(Beep, output=names, on_seconds=phases, off_seconds=phases, count=st.none() | st.integers(1, 3)),
)
instructions = st.builds(
    lambda kind, rule, command: Instruction(kind, rule, command, EVENTS[rule], EVENTS[rule]),
    st.sampled_from(list(Kind)),
    st.integers(0, len(EVENTS) - 1),
    commands,
)
waits = st.sampled_from([0.0, 0.04, 0.1, 0.5, 2.0])
steps = st.lists(st.tuples(waits, st.none() | st.lists(instructions, max_size=3)), max_size=25)


def play(outputs: Outputs, script: list[tuple[float, list[Instruction] | None]]) -> float:
    """Perform the instructions, or tick where there are none, each after its wait; the time at the end."""
    t = 0.0
    for wait, batch in script:
        t += wait
        if batch is None:
            outputs.tick(t)
        else:
            outputs.perform(batch, t)
    return t


@settings(max_examples=60, deadline=None)
@given(steps)
def test_the_record_is_what_the_pins_did(script: list[tuple[float, list[Instruction] | None]]) -> None:
    changes: list[PinChange] = []
    with Outputs.open(OUTPUTS, "mock", changes.append) as outputs:
        play(outputs, script)
        for name, pin in PINS.items():
            levels = [0.0] + [change.value for change in changes if change.output == name]
            assert all(one != other for one, other in pairwise(levels)), "only changes are recorded"
            assert outputs.pin_factory.pin(pin).state == levels[-1]
        assert all(one.t <= other.t for one, other in pairwise(changes))


@settings(max_examples=60, deadline=None)
@given(steps)
def test_make_safe_is_final_until_something_is_asked_again(
    script: list[tuple[float, list[Instruction] | None]],
) -> None:
    with Outputs.open(OUTPUTS, "mock") as outputs:
        t = play(outputs, script)
        outputs.make_safe("stop", t)
        for later in (0.0, 0.1, 5.0):
            assert outputs.tick(t + later) == ()
            assert (outputs.pin_factory.pin(17).state, outputs.pin_factory.pin(18).state) == (1.0, 0.0)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_nothing_less_urgent_silences_a_held_alarm(script: list[tuple[float, list[Instruction] | None]]) -> None:
    alarm = Instruction(Kind.HOLD, 9, On(output="buzzer"), "drowsiness.unresponsive", "drowsiness.unresponsive")
    changes: list[PinChange] = []
    with Outputs.open(OUTPUTS, "mock", changes.append) as outputs:
        outputs.perform([alarm], 0.0)
        play(outputs, script)
        assert [change for change in changes if change.output == "buzzer"] == [PinChange(0.0, "buzzer", 1.0)]
