"""Making pins safe without the daemon: few imports, so that it is quick on a slow board."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.errors import OutputError

if TYPE_CHECKING:
    from edge.actions.lines import Line
    from edge.actions.settings import OutputSettings

OpenLine = Callable[[int, bool], "Line"]


@dataclass(frozen=True)
class SafeLine:
    """The line of an output: its BCM number, and whether it is high in the output's safe state."""

    output: str
    pin: int
    is_high: bool


def safe_lines(outputs: Mapping[str, OutputSettings]) -> tuple[SafeLine, ...]:
    """The lines of the outputs.

    A duty or a position needs somebody who makes the pulses, so without a daemon such an output is off.
    """
    return tuple(
        SafeLine(name, table.pin, (table.safe_level == 1.0) == getattr(table, "active_high", True))
        if table.type != "servo"
        else SafeLine(name, table.pin, False)
        for name, table in outputs.items()
    )


def make_safe(pins: str, lines: Iterable[SafeLine]) -> None:
    """Drive each line to its safe level and release it; one that fails keeps no other from being made safe.

    Args:
        pins: the name of a pin factory, but not ``auto``.
        lines: of the outputs.

    Raises:
        OutputError: naming each output that can't be set, after all the others have been.
    """
    failures = []
    open_line = _opener(pins)
    for line in lines:
        try:
            open_line(line.pin, line.is_high).close()
        except Exception as error:  # Jetson.GPIO raises what it likes
            failures.append(f"[outputs.{line.output}] GPIO{line.pin}: {error}")
    if failures:
        raise OutputError("not made safe: " + "; ".join(failures))


def _opener(pins: str) -> OpenLine:
    if pins == "mock":
        return _MockLine
    if pins == "jetson":
        from edge.actions.jetson import JetsonLine

        return JetsonLine
    from edge.actions.gpiochip import KernelLine, header_chip

    chip = header_chip()
    if chip is None:
        raise OutputError("not made safe: no /dev/gpiochip* belongs to a Raspberry Pi's header")
    return lambda number, high: KernelLine(chip, number, high)


class _MockLine:
    """There is nothing to drive."""

    def __init__(self, number: int, high: bool) -> None:
        pass

    def set(self, high: bool) -> None:
        pass

    def close(self) -> None:
        pass
