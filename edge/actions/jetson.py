"""The header of a Jetson through NVIDIA's Jetson.GPIO."""

from __future__ import annotations

import importlib
import logging
import warnings
from typing import Any

from edge.errors import OutputError

log = logging.getLogger(__name__)

_MUXED_AS_INPUT = "set to input in pinmux"
"""Part of Jetson.GPIO's warning (`gpio_cdev.check_pinmux` of its version 2.1.13)."""


class PinmuxError(OutputError):
    """A pin of a Jetson's header isn't wired to its GPIO controller as an output."""


class JetsonLine:
    """The line with BCM number ``number``, an output for as long as this is open.

    JetPack 6 fixes at boot what a pin is (its pinmux), and a pin that isn't a GPIO output takes every level and shows
    none.  Jetson.GPIO reads the registers if it may, as root, and warns; that is refused here.
    """

    def __init__(self, number: int, high: bool, gpio: Any | None = None) -> None:
        """Claim it; it has its level from the first moment.

        Raises:
            PinmuxError: its pinmux doesn't let it be an output.
            OSError, RuntimeError, ValueError: it is busy, or this board's header has no such pin.
        """
        self._gpio = gpio or load_jetson_gpio()
        self._number = number
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self._gpio.setup(number, self._gpio.OUT, initial=self._gpio.HIGH if high else self._gpio.LOW)
        for warning in caught:
            self._heed(" ".join(str(warning.message).split()))

    def set(self, high: bool) -> None:
        self._gpio.output(self._number, self._gpio.HIGH if high else self._gpio.LOW)

    def close(self) -> None:
        """Give it back; Jetson.GPIO leaves its level to the pull resistors."""
        self._gpio.cleanup(self._number)

    def _heed(self, text: str) -> None:
        if _MUXED_AS_INPUT in text:
            self.close()
            raise PinmuxError(
                f"GPIO{self._number} is no output in this Jetson's pinmux: choose 'Configure 40-pin header' in sudo "
                f"/opt/nvidia/jetson-io/jetson-io.py and restart, or use another pin ({text})"
            )
        log.debug("GPIO%d: %s", self._number, text)


def load_jetson_gpio() -> Any:
    """The module ``Jetson.GPIO``, counting pins by BCM numbers.

    Raises:
        ImportError: it isn't installed.
        Exception: the module refuses a board that it doesn't know.
    """
    gpio = importlib.import_module("Jetson.GPIO")
    if gpio.getmode() is None:
        gpio.setmode(gpio.BCM)
    return gpio
