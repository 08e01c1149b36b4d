"""One gpiozero device for each output, and its faults in words that help."""

from __future__ import annotations

from typing import Any

from edge.actions.settings import Level, OutputSettings, PwmSettings, ServoSettings
from edge.errors import OutputError

SERVO_FRAME_SECONDS = 0.02
"""Servos expect a pulse every 20 ms."""


class PinError(OutputError):
    """A pin can't be claimed or set."""


class PinDevice:
    """An output's device on its pin."""

    def __init__(self, name: str, settings: OutputSettings, factory: Any) -> None:
        """Claim the pin from the gpiozero pin factory ``factory`` and set the initial level.

        Raises:
            PinError: where the pin is busy or forbidden.
        """
        self._name = name
        self._pin = settings.pin
        try:
            self._device = _open(settings, factory)
        except Exception as error:  # lgpio.error derives from Exception alone
            raise self._error("can't be used", error) from error

    def set(self, level: Level) -> None:
        """Drive the pin: 0 to 1, for a servo -1 to 1 or ``None`` to stop its pulses."""
        try:
            self._device.value = level
        except Exception as error:  # lgpio.error derives from Exception alone
            raise self._error(f"can't be set to {level}", error) from error

    def close(self) -> None:
        """Give the pin back; it becomes an input."""
        try:
            self._device.close()
        except Exception as error:  # lgpio.error derives from Exception alone
            raise self._error("can't be closed", error) from error

    def _error(self, what: str, error: Exception) -> PinError:
        return PinError(f"[outputs.{self._name}] GPIO{self._pin} {what}: {explain(error)}")


def _open(settings: OutputSettings, factory: Any) -> Any:
    import gpiozero

    if isinstance(settings, ServoSettings):
        return gpiozero.Servo(
            settings.pin,
            initial_value=settings.initial_level,
            min_pulse_width=settings.min_pulse_ms / 1000,
            max_pulse_width=settings.max_pulse_ms / 1000,
            frame_width=SERVO_FRAME_SECONDS,
            pin_factory=factory,
        )
    if isinstance(settings, PwmSettings):
        return gpiozero.PWMOutputDevice(
            settings.pin,
            active_high=settings.active_high,
            initial_value=settings.initial_level,
            frequency=settings.frequency_hz,
            pin_factory=factory,
        )
    return gpiozero.DigitalOutputDevice(
        settings.pin,
        active_high=settings.active_high,
        initial_value=bool(settings.initial_level),
        pin_factory=factory,
    )


def explain(error: Exception) -> str:
    """A fault of gpiozero or lgpio, with what may be behind it and what to do."""
    text = str(error).strip("'\"") or type(error).__name__
    lowered = text.lower()
    if "busy" in lowered or "in use" in lowered:
        return (
            f"{text}: another program (a second Vigil?), a kernel driver or an overlay holds it; "
            "`gpioinfo` names the holder: stop it, or choose another pin"
        )
    if "permission" in lowered or isinstance(error, PermissionError):
        return f"{text}: this user may not use the pins; sudo usermod -aG gpio $USER, then log in again"
    return text
