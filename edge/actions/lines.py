"""A gpiozero pin factory over anything that can drive a line: the kernel's character device, Jetson.GPIO.

gpiozero's own factories know Raspberry Pis alone.  Pins go by the BCM numbers of the 40-pin header, which other boards
share.  Outputs only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from gpiozero.exc import PinInvalidFunction, PinInvalidState, PinSetInput
from gpiozero.pins.pi import PiFactory, PiPin

_HEADER_REVISION = 0xA02082
"""A Raspberry Pi 3B: its 40-pin header stands for all."""

_STOP_SECONDS = 1.0


class Line(Protocol):
    """One claimed output line."""

    def set(self, high: bool) -> None:
        """Drive it high or low."""

    def close(self) -> None:
        """Make it an input and give it back."""


OpenLine = Callable[[int, bool], Line]
"""Claims the line with a BCM number as an output that is high from the start, or low."""


class LineFactory(PiFactory):
    """Pins over the lines that ``open_line`` claims."""

    def __init__(self, open_line: OpenLine) -> None:
        super().__init__()
        self.open_line = open_line
        self.pin_class = LinePin

    def _get_revision(self) -> int:
        return _HEADER_REVISION

    @staticmethod
    def ticks() -> float:
        return time.monotonic()

    @staticmethod
    def ticks_diff(later: float, earlier: float) -> float:
        return later - earlier


class LinePin(PiPin):
    """A pin that is nothing until it becomes an output; its pulses (PWM) are made by a thread."""

    def __init__(self, factory: LineFactory, info: object) -> None:
        super().__init__(factory, info)
        self._line: Line | None = None
        self._level = 0.0
        self._pulses: Pulses | None = None

    def close(self) -> None:
        self._set_frequency(None)
        if self._line is not None:
            line, self._line = self._line, None
            line.close()

    def output_with_state(self, state: bool) -> None:
        self._claim(bool(state))

    def _claim(self, high: bool) -> None:
        if self._line is None:
            self._line = self.factory.open_line(self._number, high)
            self._level = float(high)

    def _get_function(self) -> str:
        return "output" if self._line is not None else "input"

    def _set_function(self, value: str) -> None:
        if value == "output":
            self._claim(False)
        elif value == "input":
            self.close()
        else:
            raise PinInvalidFunction(f"{self!r} can be an output only, received {value!r}")

    def _get_state(self) -> float:
        return self._level

    def _set_state(self, value: float) -> None:
        if self._line is None:
            raise PinSetInput(f"cannot set state of pin {self!r}: it is no output")
        if not 0 <= value <= 1:
            raise PinInvalidState(f"a state is 0 to 1, received {value} for pin {self!r}")
        self._level = float(value)
        if self._pulses is not None:
            self._pulses.duty = self._level
        else:
            self._line.set(bool(value))

    def _get_frequency(self) -> float | None:
        return self._pulses.frequency_hz if self._pulses is not None else None

    def _set_frequency(self, value: float | None) -> None:
        if self._pulses is not None:
            self._pulses.stop()
            self._pulses = None
        if value is not None and self._line is not None:
            self._pulses = Pulses(self._line, value, self._level)


class Pulses:
    """Software PWM on ``line``: good for dimming a light or a servo's few positions, not for smooth motion.

    A change of ``duty`` (0 to 1) takes effect at the next pulse; at 0 and 1 the line rests.  A fault of the line is
    raised by the next :meth:`stop`.
    """

    def __init__(self, line: Line, frequency_hz: float, duty: float) -> None:
        self.frequency_hz = frequency_hz
        self._line = line
        self._duty = duty
        self._changed = threading.Condition()
        self._is_stopped = False
        self._fault: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="pulses", daemon=True)
        self._thread.start()

    @property
    def duty(self) -> float:
        return self._duty

    @duty.setter
    def duty(self, value: float) -> None:
        with self._changed:
            if self._fault is not None:
                raise self._fault
            self._duty = value
            if value in (0.0, 1.0):
                self._line.set(bool(value))
            self._changed.notify()

    def stop(self) -> None:
        """End the pulses; the line stays as it is."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        try:
            while self._pulse():
                pass
        except OSError as error:
            self._fault = error

    def _pulse(self) -> bool:
        """One period, or a rest until there is something to do; False when stopped."""
        period = 1 / self.frequency_hz
        with self._changed:
            while self._duty in (0.0, 1.0) and not self._is_stopped:
                self._changed.wait()
            if self._is_stopped:
                return False
            duty = self._duty
            self._line.set(True)
            if self._rests(period * duty, duty):
                return not self._is_stopped
            self._line.set(False)
            self._rests(period * (1 - duty), duty)
            return not self._is_stopped

    def _rests(self, seconds: float, duty: float) -> bool:
        """Wait within a period; True if the duty has become another meanwhile."""
        self._changed.wait_for(lambda: self._is_stopped or self._duty != duty, seconds)
        return self._duty != duty
