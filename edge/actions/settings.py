"""The ``[outputs.<name>]`` tables: what is wired to which pin, and what each kind of output can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from edge.settings import Settings

LAST_HEADER_PIN = 27
"""GPIO 0 to 27 are on the 40-pin header of every Raspberry Pi since the B+."""

Level = float | None
"""What an output is set to: 0 to 1, for a servo -1 to 1; ``None`` is a servo without pulses (it holds no position)."""

Pin = Annotated[int, Field(ge=0, le=LAST_HEADER_PIN)]
Switch = Literal["off", "on"]

_SWITCH_LEVELS: dict[str, Level] = {"off": 0.0, "on": 1.0}
_SERVO_LEVELS: dict[str, Level] = {"off": None}


def _named(names: dict[str, Level], minimum: int) -> Callable[[Any], Any]:
    """A validator that lets ``names`` stand for their levels; other text is refused with all that is accepted."""

    def resolve(received: Any) -> Any:
        if not isinstance(received, str):
            return received
        if received not in names:
            raise ValueError(f"must be {' or '.join(map(repr, names))} or a number from {minimum} to 1")
        return names[received]

    return resolve


def _schema(names: dict[str, Level], minimum: int) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"enum": list(names)}, {"type": "number", "minimum": minimum, "maximum": 1}]})


DutyLevel = Annotated[float, Field(ge=0, le=1), BeforeValidator(_named(_SWITCH_LEVELS, 0)), _schema(_SWITCH_LEVELS, 0)]
ServoLevel = Annotated[
    Level, Field(ge=-1, le=1), BeforeValidator(_named(_SERVO_LEVELS, -1)), _schema(_SERVO_LEVELS, -1)
]


class _PinSettings(Settings):
    """What every output on a pin has."""

    ACTIONS: ClassVar[frozenset[str]]
    LEVELS: ClassVar[tuple[float, float]] = (0.0, 1.0)

    pin: Pin = Field(description="BCM number of the GPIO (17 is GPIO17), not the place on the header")


class _SwitchSettings(_PinSettings):
    """An output that is on or off."""

    active_high: bool = Field(default=True, description="true: on is 3.3 V; false: on is 0 V (many relay boards)")
    initial: Switch = Field(default="off", description="state when Vigil starts")
    safe: Switch = Field(default="off", description="state when Vigil stops, fails or loses the camera")

    @property
    def initial_level(self) -> Level:
        return _SWITCH_LEVELS[self.initial]

    @property
    def safe_level(self) -> Level:
        return _SWITCH_LEVELS[self.safe]


class LedSettings(_SwitchSettings):
    """A light that is on or off."""

    ACTIONS: ClassVar[frozenset[str]] = frozenset({"on", "off", "toggle", "blink", "pulse"})
    type: Literal["led"] = "led"


class BuzzerSettings(_SwitchSettings):
    """An active buzzer: it sounds while its pin is on."""

    ACTIONS: ClassVar[frozenset[str]] = frozenset({"on", "off", "toggle", "beep", "pulse"})
    type: Literal["buzzer"] = "buzzer"


class RelaySettings(_SwitchSettings):
    """A relay."""

    ACTIONS: ClassVar[frozenset[str]] = frozenset({"on", "off", "toggle", "blink", "pulse"})
    type: Literal["relay"] = "relay"


class PwmSettings(_PinSettings):
    """A dimmable light or a motor: the level is the duty cycle."""

    ACTIONS: ClassVar[frozenset[str]] = frozenset({"on", "off", "toggle", "blink", "pulse", "value"})
    type: Literal["pwm"] = "pwm"
    active_high: bool = Field(default=True, description="true: on is 3.3 V; false: on is 0 V")
    frequency_hz: int = Field(default=100, ge=1, le=10_000, description="frequency of the pulses")
    initial: DutyLevel = Field(default=0.0, description='state when Vigil starts: "off", "on" or 0 to 1')
    safe: DutyLevel = Field(default=0.0, description='state when Vigil stops or fails: "off", "on" or 0 to 1')

    @property
    def initial_level(self) -> Level:
        return self.initial

    @property
    def safe_level(self) -> Level:
        return self.safe


class ServoSettings(_PinSettings):
    """A servo: the level is its position from -1 to 1; off stops the pulses.

    The default pulse widths are gpiozero's.  lgpio makes the pulses in software with a resolution of 1 % of the
    20 ms frame, 0.2 ms: good for a few positions, not for smooth motion.
    """

    ACTIONS: ClassVar[frozenset[str]] = frozenset({"off", "value"})
    LEVELS: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    type: Literal["servo"] = "servo"
    min_pulse_ms: float = Field(default=1.0, gt=0, lt=20, description="pulse width at position -1")
    max_pulse_ms: float = Field(default=2.0, gt=0, lt=20, description="pulse width at position 1")
    initial: ServoLevel = Field(default=None, description='position when Vigil starts: "off" or -1 to 1')
    safe: ServoLevel = Field(default=None, description='position when Vigil stops or fails: "off" or -1 to 1')

    @model_validator(mode="after")
    def _check(self) -> ServoSettings:
        if self.min_pulse_ms >= self.max_pulse_ms:
            raise ValueError(
                f"min_pulse_ms must be below max_pulse_ms, received {self.min_pulse_ms} and {self.max_pulse_ms}"
            )
        return self

    @property
    def initial_level(self) -> Level:
        return self.initial

    @property
    def safe_level(self) -> Level:
        return self.safe


OutputSettings = Annotated[
    LedSettings | BuzzerSettings | RelaySettings | PwmSettings | ServoSettings, Field(discriminator="type")
]
OUTPUT_TYPES: dict[str, type[OutputSettings]] = {
    "led": LedSettings,
    "buzzer": BuzzerSettings,
    "relay": RelaySettings,
    "pwm": PwmSettings,
    "servo": ServoSettings,
}
