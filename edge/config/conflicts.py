"""What no table can know by itself: pins used twice, rules about what doesn't exist or is off.  Pure functions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from edge.actions.commands import Command, Value
from edge.actions.settings import OUTPUT_TYPES, OutputSettings
from edge.config.events import Labels
from edge.config.problem import Problem, did_you_mean
from edge.config.switches import FAMILIES, family_of, switched_off_by
from edge.settings import Settings
from edge.timeline.gestures import NO_GESTURE

RESERVED_PINS = {
    0: "it is for the ID EEPROM of add-on boards, and the firmware drives it at boot",
    1: "it is for the ID EEPROM of add-on boards, and the firmware drives it at boot",
    2: "it is I²C data, with a fixed pull-up: an output on it is on while the board boots",
    3: "it is I²C clock, with a fixed pull-up: an output on it is on while the board boots",
    14: "it is the serial console (transmit): boot messages would switch the output",
    15: "it is the serial console (receive)",
}
"""GPIOs of the Raspberry Pi's header that something else may use; https://pinout.xyz and the HAT specification."""


def output_table(name: str) -> str:
    """How a problem names an output's table: as in the file, with quotes where TOML needs them."""
    return f"[outputs.{name}]" if re.fullmatch(r"[\w-]+", name, re.ASCII) else f'[outputs."{name}"]'


def rule_table(number: int) -> str:
    """How a problem names a rule; ``number`` counts from 0, people from 1."""
    return f"[[rules]] no. {number + 1}"


def pins_used_twice(pins: Mapping[str, int]) -> Iterator[Problem]:
    """``pins`` are the outputs' pins by output name, in the order of the file."""
    users = defaultdict(list)
    for name, pin in pins.items():
        users[pin].append(name)
    for pin, (first, *others) in users.items():
        for name in others:
            yield Problem(output_table(name), "pin", f"{output_table(first)} has this pin already", pin)


def reserved_pins(pins: Mapping[str, int]) -> Iterator[Problem]:
    """Warnings about pins that work only while something else leaves them alone."""
    for name, pin in pins.items():
        if pin in RESERVED_PINS:
            yield Problem(output_table(name), "pin", f"GPIO{pin} may be in use: {RESERVED_PINS[pin]}")


def unknown_event(number: int, key: str, event: str, labels: Labels) -> Problem | None:
    """The problem of rule ``number`` whose ``when`` or ``while`` names no event, if so."""
    families = labels.events
    family = family_of(event)
    if event in families.get(family, ()):
        return None
    if event == f"gesture.{NO_GESTURE}":
        hint = "it is the label of a hand that makes no gesture, and never an event"
    elif family in families:
        hint = did_you_mean(event, families[family])
    else:
        hint = did_you_mean(event, [name for names in families.values() for name in names], else_list=False)
        hint = hint or f"events are {', '.join(_patterns(families))}"
    return Problem(rule_table(number), key, "no such event", event, hint)


def switched_off_event(number: int, key: str, event: str, tables: Mapping[str, Settings | None]) -> Problem | None:
    """The problem of rule ``number`` whose ``when`` or ``while`` names an event that is switched off, if so.

    ``tables`` by name; ``None`` for one that is itself wrong.
    """
    family = family_of(event)
    switch = switched_off_by(family, tables) if family in FAMILIES else None
    if switch is None:
        return None
    table, name = switch
    return Problem(
        rule_table(number),
        key,
        f"never happens, because [{table}] {name} is false",
        event,
        "set that to true, or delete this rule",
    )


def contradicting_switches(tables: Mapping[str, Settings | None]) -> Iterator[Problem]:
    """Keys that switch on, in so many words, what another key switches off; left out they follow it.

    ``tables`` by name; ``None`` for one that is itself wrong.
    """
    for family in FAMILIES.values():
        for table, key in family.switches[1:]:
            settings = tables.get(table)
            off = switched_off_by("face", tables)
            if settings is None or off is None or key not in settings.model_fields_set or not getattr(settings, key):
                continue
            rule = f"can't be on, because [{off[0]}] {off[1]} is false"
            yield Problem(f"[{table}]", key, rule, True, "set that to true, or delete this line")


def _patterns(families: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [family if names == (family,) else f"{family}.…" for family, names in families.items()]


def unfit_command(number: int, command: Command, outputs: Mapping[str, OutputSettings | None]) -> Problem | None:
    """The problem of rule ``number`` whose ``do`` doesn't fit its output, if so.

    ``outputs`` by name; ``None`` for one whose own table is wrong.
    """
    table = rule_table(number)
    if command.output not in outputs:
        return Problem(table, "do", "no such output", command.output, did_you_mean(command.output, outputs))
    output = outputs[command.output]
    if output is None:
        return None
    if command.action not in output.ACTIONS:
        able = [name for name, kind in OUTPUT_TYPES.items() if command.action in kind.ACTIONS]
        rule = f"a {output.type} can't {command.action}; it knows {', '.join(sorted(output.ACTIONS))}"
        return Problem(table, "do", rule, f"{command.output}.{command.action}", f"can do it: {', '.join(able)}")
    lowest, highest = output.LEVELS
    if isinstance(command, Value) and not lowest <= command.value <= highest:
        rule = f"must be from {lowest:g} to {highest:g} for a {output.type}"
        return Problem(table, "do.value", rule, command.value)
    return None
