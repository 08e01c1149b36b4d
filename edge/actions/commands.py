"""The ``do`` of a rule: what one output is to do.

Written as text, ``"lamp.on"``, or as a table where there is more to say:
``{ output = "buzzer", action = "beep", on_seconds = 0.1, off_seconds = 0.1, count = 3 }``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from edge.actions.patterns import SquareWave, pulse
from edge.settings import Settings

MIN_PHASE_SECONDS = 0.05
"""Patterns advance at frame times, or every 0.02 s in a live run: a shorter phase could fall between two of them."""

OUTPUT_NAME = r"^[A-Za-z][A-Za-z0-9_-]*$"
COMMAND_TEXT = r"^[A-Za-z][A-Za-z0-9_-]*\.(on|off|toggle|blink|beep|pulse)$"


class _Command(Settings):
    output: str = Field(pattern=OUTPUT_NAME, description="name of the output, as in [outputs.<name>]")


class On(_Command):
    """Switch on and stay on."""

    action: Literal["on"] = "on"


class Off(_Command):
    """Switch off and stay off."""

    action: Literal["off"] = "off"


class Toggle(_Command):
    """Switch off what is on or runs a pattern, and on what is off."""

    action: Literal["toggle"] = "toggle"


class Value(_Command):
    """Set the duty cycle of a pwm output (0 to 1) or the position of a servo (-1 to 1)."""

    action: Literal["value"] = "value"
    value: float = Field(ge=-1, le=1, description="0 to 1 for pwm, -1 to 1 for a servo")


class Pulse(_Command):
    """Switch on once for a time, then back to what was before."""

    action: Literal["pulse"] = "pulse"
    on_seconds: float = Field(default=0.5, ge=MIN_PHASE_SECONDS, le=3600, description="how long it is on")

    def wave(self, endless: bool) -> SquareWave:
        return pulse(self.on_seconds)


class Blink(_Command):
    """On and off in turn: ``count`` times, or until the output is told something else."""

    action: Literal["blink"] = "blink"
    on_seconds: float = Field(default=0.5, ge=MIN_PHASE_SECONDS, le=3600, description="how long it is on each time")
    off_seconds: float = Field(default=0.5, ge=MIN_PHASE_SECONDS, le=3600, description="how long it is off in between")
    count: int | None = Field(default=None, ge=1, description="how often it is on; left out: without end")

    def wave(self, endless: bool) -> SquareWave:
        return SquareWave(self.on_seconds, self.off_seconds, self.count)


class Beep(_Command):
    """Sound ``count`` times; without ``count`` once, and in a ``while`` rule for as long as it lasts."""

    action: Literal["beep"] = "beep"
    on_seconds: float = Field(default=0.2, ge=MIN_PHASE_SECONDS, le=3600, description="how long each sound is")
    off_seconds: float = Field(
        default=0.2, ge=MIN_PHASE_SECONDS, le=3600, description="how long the silence in between is"
    )
    count: int | None = Field(
        default=None, ge=1, description="how often; left out: once, in a `while` rule as long as it lasts"
    )

    def wave(self, endless: bool) -> SquareWave:
        count = self.count if self.count is not None or endless else 1
        return SquareWave(self.on_seconds, self.off_seconds, count)


Command = On | Off | Toggle | Value | Pulse | Blink | Beep
COMMANDS: dict[str, type[_Command]] = {
    "on": On,
    "off": Off,
    "toggle": Toggle,
    "value": Value,
    "pulse": Pulse,
    "blink": Blink,
    "beep": Beep,
}


def _from_text(received: Any) -> Any:
    """``"lamp.on"`` as ``{"output": "lamp", "action": "on"}``; a table is passed on as it is."""
    if isinstance(received, dict):
        return received
    output, dot, action = received.partition(".") if isinstance(received, str) else ("", "", "")
    if not (output and dot and action):
        raise ValueError('must be "output.action" such as "lamp.on", or a table with output and action')
    return {"output": output, "action": action}


def _accept_text(schema: dict[str, Any]) -> None:
    table = dict(schema)
    schema.clear()
    schema["description"] = table.pop("description", "")
    schema["anyOf"] = [{"type": "string", "pattern": COMMAND_TEXT}, table]


Do = Annotated[
    Annotated[Command, Field(discriminator="action")],
    BeforeValidator(_from_text),
    Field(json_schema_extra=_accept_text),
]
"""A command in either spelling, for a field of a settings table."""
