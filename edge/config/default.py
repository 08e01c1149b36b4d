"""The commented default file, which `vigil config init` writes, made from the settings' own descriptions."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from enum import Enum
from typing import Any

from pydantic.fields import FieldInfo

from edge.config.load import parse_config
from edge.config.model import SETTINGS_TABLES, Config
from edge.settings import Settings

COMMENT_WIDTH = 100

_HEAD = """\
# Configuration of Vigil.
#
# A line such as "#hold_seconds = 0.5" shows a default; take the "#" away to change it.
# After a change: vigil config check FILE
"""

_OUTPUTS_AND_RULES = """\
# Outputs: what is wired to which pin, by names of your choice.
#   type         led, buzzer (an active one), relay, pwm (dimmable) or servo
#   pin          BCM number: 17 is GPIO17, pin 11 of the header
#   active_high  true: on is 3.3 V; false: on is 0 V, as for many relay boards
#   initial      state when Vigil starts: "off" or "on"; pwm also 0 to 1, servo "off" or -1 to 1
#   safe         state when Vigil stops, fails or loses the camera; likewise
#   frequency_hz               of a pwm's pulses: 100
#   min_pulse_ms, max_pulse_ms a servo's pulses at positions -1 and 1: 1.0 and 2.0
# After Vigil has ended its pins are inputs: a load that must stay off then needs a pull resistor.

[outputs.lamp]
type = "led"
pin = 17

[outputs.buzzer]
type = "buzzer"
pin = 18

[outputs.relay]
type = "relay"
pin = 27

[outputs.warning]
type = "led"
pin = 22

# Rules: what happens at which event.
#   when   an event: gesture.<label>, emotion.<label>, drowsiness.<state> or face
#   state  "started" (the default) or "ended": at which end of the event to act
#   while  instead of when: act as the event starts, and take it back as it ends
#   do     "output.action", or a table { output = "...", action = "...", ... }
#
# Actions
#   on, off, toggle
#   pulse  on once:     on_seconds = 0.5
#   blink  on and off:  on_seconds = 0.5, off_seconds = 0.5, count (left out: until something else is asked)
#   beep   a buzzer's:  on_seconds = 0.2, off_seconds = 0.2, count (left out: once; with while: as long as it lasts)
#   value  pwm 0 to 1, servo -1 to 1:  value = 0.5
#
# If several rules want one output: while goes before when, so no gesture silences an alarm; of two whiles the more
# urgent drowsiness goes first, else the one that started last.  What was covered resumes when that is over.

[[rules]]
when = "gesture.palm"
do = "lamp.on"

[[rules]]
when = "gesture.fist"
do = "lamp.off"

[[rules]]
when = "gesture.thumb_up"
do = "relay.toggle"

# Slow signs of drowsiness: the warning light.
[[rules]]
while = "drowsiness.advisory"
do = { output = "warning", action = "blink", on_seconds = 0.2, off_seconds = 1.8 }

[[rules]]
while = "drowsiness.drowsy"
do = { output = "warning", action = "blink", on_seconds = 0.5, off_seconds = 0.5 }

# The eyes can't be seen: say so, rather than be silent.
[[rules]]
while = "drowsiness.cannot-judge"
do = { output = "warning", action = "blink", on_seconds = 0.1, off_seconds = 2.9 }

# Eyes closed for too long: the buzzer, the more urgent the longer.
[[rules]]
while = "drowsiness.microsleep"
do = { output = "buzzer", action = "beep", on_seconds = 0.2, off_seconds = 0.2 }

[[rules]]
while = "drowsiness.sleep"
do = { output = "buzzer", action = "beep", on_seconds = 0.1, off_seconds = 0.1 }

[[rules]]
while = "drowsiness.unresponsive"
do = "buzzer.on"
"""


def default_toml() -> str:
    """The text of the default config file: every key with its meaning and default, four outputs and nine rules."""
    tables = [_settings_table(name, model) for name, model in SETTINGS_TABLES.items()]
    return "\n".join([_HEAD, *tables, _OUTPUTS_AND_RULES])


def default_config() -> Config:
    """What applies without a config file: the default file's own content."""
    return parse_config(default_toml(), "the default config").config


def _settings_table(name: str, model: type[Settings]) -> str:
    lines = [f"[{name}]"]
    for key, field in model.model_fields.items():
        lines += ["", *_comment(field.description or ""), _default_line(field.alias or key, field)]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, COMMENT_WIDTH, initial_indent="# ", subsequent_indent="# ")


def _default_line(key: str, field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    return f"# {key} has no value by default" if default is None else f"#{key} = {_toml(default)}"


def _toml(value: Any) -> str:
    """A value in TOML; its text, numbers and lists are written as in JSON."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
