"""A Jetson's pins, on a fake of Jetson.GPIO that obeys its rules."""

from __future__ import annotations

import sys
import warnings
from types import ModuleType

import pytest

from edge.actions.outputs import Outputs
from edge.actions.pins import PinsUnavailableError, open_pins
from edge.config import parse_config
from edge.errors import OutputError

CONFIG = """
[outputs.lamp]
type = "led"
pin = {pin}
"""


class FakeJetsonGpio(ModuleType):
    """The module's functions that Vigil uses, with the errors of its version 2.1.13.

    ``muxed_as_input`` are pins that the board's pinmux doesn't let out; ``readable`` says whether /dev/mem is.
    """

    BCM, BOARD, OUT, IN, HIGH, LOW = 11, 10, 0, 1, 1, 0
    PINS = (4, 17, 18, 22, 27)

    def __init__(self, muxed_as_input: tuple[int, ...] = (), *, readable: bool = True) -> None:
        super().__init__("Jetson.GPIO")
        self.events: list[tuple[int, int | str]] = []
        self._mode: int | None = None
        self._muxed_as_input = muxed_as_input
        self._readable = readable
        self._outputs: set[int] = set()

    def getmode(self) -> int | None:
        return self._mode

    def setmode(self, mode: int) -> None:
        if self._mode not in (None, mode):
            raise ValueError("A different mode has already been set!")
        self._mode = mode

    def setup(self, channel: int, direction: int, initial: int) -> None:
        if self._mode is None:
            raise RuntimeError("Please set pin numbering mode using GPIO.setmode()")
        if channel not in self.PINS:
            raise ValueError("The channel sent is invalid on a Jetson")
        assert direction == self.OUT
        self._outputs.add(channel)
        self.events.append((channel, initial))
        if not self._readable:
            warnings.warn("Could not open /dev/mem for pinmux check.", stacklevel=2)
        elif channel in self._muxed_as_input:
            warnings.warn(
                f'\n[WARNING] User requested output for channel "{channel}", but it is set to input in pinmux.\n'
                "    sudo busybox devmem 0x2430068 w 0x400\n",
                stacklevel=2,
            )

    def output(self, channel: int, value: int) -> None:
        if channel not in self._outputs:
            raise RuntimeError("The GPIO channel has not been set up as an OUTPUT")
        self.events.append((channel, value))

    def cleanup(self, channel: int) -> None:
        self._outputs.discard(channel)
        self.events.append((channel, "cleanup"))


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> type[FakeJetsonGpio]:
    """Called with a fake, puts it in the place of Jetson.GPIO."""

    def put(fake: ModuleType | None) -> None:
        package = ModuleType("Jetson")
        monkeypatch.setitem(sys.modules, "Jetson", package)
        monkeypatch.setitem(sys.modules, "Jetson.GPIO", fake)

    return put


def open_lamp(pin: int = 17) -> Outputs:
    return Outputs.open(parse_config(CONFIG.format(pin=pin), "test").config.outputs, "jetson")


@pytest.mark.parametrize("readable", [True, False], ids=["as root", "as the service"])
def test_a_lamp(install: type[FakeJetsonGpio], readable: bool) -> None:
    gpio = FakeJetsonGpio(readable=readable)
    install(gpio)
    with open_lamp() as outputs:
        assert gpio.getmode() == gpio.BCM
        outputs._outputs["lamp"].device.set(1.0)
    assert gpio.events == [(17, 0), (17, 1), (17, 0), (17, "cleanup")]


def test_a_pin_that_the_pinmux_keeps_in_is_refused(install: type[FakeJetsonGpio]) -> None:
    gpio = FakeJetsonGpio(muxed_as_input=(17,))
    install(gpio)
    with pytest.raises(OutputError, match=r"GPIO17 .*jetson-io.py.*devmem 0x2430068"):
        open_lamp()
    assert gpio.events[-1] == (17, "cleanup")


def test_a_pin_that_the_header_lacks(install: type[FakeJetsonGpio]) -> None:
    install(FakeJetsonGpio())
    with pytest.raises(OutputError, match="GPIO5 can't be used: The channel sent is invalid"):
        open_lamp(5)


def test_the_library_is_missing(install: type[FakeJetsonGpio]) -> None:
    install(None)
    with pytest.raises(PinsUnavailableError, match=r"vigil\[jetson\]"):
        open_pins("jetson")


def test_a_board_that_the_library_refuses(install: type[FakeJetsonGpio]) -> None:
    class Refusing(FakeJetsonGpio):
        def getmode(self) -> int | None:
            raise Exception("Could not determine Jetson model")

    install(Refusing())
    with pytest.raises(PinsUnavailableError, match="Could not determine Jetson model"):
        open_pins("jetson")
