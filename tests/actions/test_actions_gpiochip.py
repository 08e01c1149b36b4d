"""Pins through the kernel's character device, on a chip that obeys its rules."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from actions_kernel import FakeChip

from edge.actions import gpiochip
from edge.actions.lines import LineFactory, Pulses
from edge.actions.outputs import Outputs
from edge.actions.pins import PinsUnavailableError, open_pins
from edge.actions.rules import Instruction, Kind
from edge.config import parse_config
from edge.errors import OutputError

CONFIG = """
[outputs.lamp]
type = "led"
pin = 17
[outputs.relay]
type = "relay"
pin = 27
active_high = false
[outputs.fan]
type = "pwm"
pin = 18
frequency_hz = 100
[outputs.arm]
type = "servo"
pin = 22
[[rules]]
when = "face"
do = { output = "fan", action = "value", value = 0.5 }
[[rules]]
when = "face"
do = "lamp.on"
"""


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> FakeChip:
    fake = FakeChip()
    monkeypatch.setattr(gpiochip, "ask", fake.ask)
    monkeypatch.setattr(gpiochip.fcntl, "ioctl", fake.ioctl)
    monkeypatch.setattr(gpiochip, "header_chip", lambda: Path("/dev/gpiochip0"))
    return fake


def test_the_numbers_of_the_kernels_interface() -> None:
    """As ``linux/gpio.h`` defines them."""
    assert gpiochip.GET_CHIP_INFO == 0x8044B401
    assert gpiochip.GET_LINE_INFO == 0xC100B405
    assert gpiochip.GET_LINE == 0xC250B407
    assert gpiochip.SET_CONFIG == 0xC110B40D
    assert gpiochip.SET_VALUES == 0xC010B40F


def test_outputs_are_claimed_at_their_level_and_given_back_as_inputs(chip: FakeChip) -> None:
    config = parse_config(CONFIG, "test").config
    with Outputs.open(config.outputs, "gpiochip") as outputs:
        assert set(chip.consumers.values()) == {"vigil"}
        lamp = Instruction(Kind.DO, 1, config.rules[1].do, "face", "face")
        outputs.perform([lamp], 1.0)
    assert not chip.consumers
    assert [level for line, level in chip.events if line == 17] == [False, True, False, "input"]
    assert next(level for line, level in chip.events if line == 27) is True, "off is high"
    assert [level for line, level in chip.events if line == 27][-2:] == [True, "input"]


def test_a_busy_line_is_an_error_that_names_it(chip: FakeChip) -> None:
    chip.consumers[17] = "lg"
    config = parse_config(CONFIG, "test").config
    with pytest.raises(OutputError, match=r"\[outputs.lamp\] GPIO17 can't be used.*busy.*gpioinfo"):
        Outputs.open(config.outputs, "gpiochip")
    assert gpiochip.line_info(Path("/dev/gpiochip0"), 17) == gpiochip.LineInfo(True, "lg")
    assert gpiochip.line_info(Path("/dev/gpiochip0"), 18) == gpiochip.LineInfo(False, "")


def test_pulses_have_the_duty_that_is_asked_for(chip: FakeChip) -> None:
    config = parse_config(CONFIG, "test").config
    with Outputs.open(config.outputs, "gpiochip") as outputs:
        outputs.perform([Instruction(Kind.DO, 0, config.rules[0].do, "face", "face")], 1.0)
        time.sleep(0.3)
    levels = [level for line, level in chip.events if line == 18]
    assert levels.count(True) >= 10
    assert levels[-1] == "input"


class Recorder:
    def __init__(self) -> None:
        self.levels: list[tuple[float, bool]] = []
        self.is_broken = False
        self.changed = threading.Event()

    def set(self, high: bool) -> None:
        if self.is_broken:
            raise OSError("gone")
        self.levels.append((time.monotonic(), high))
        self.changed.set()

    def close(self) -> None:
        pass


def test_a_duty_of_nothing_or_all_rests() -> None:
    line = Recorder()
    pulses = Pulses(line, 100, 0.0)
    pulses.duty = 1.0
    pulses.duty = 0.0
    time.sleep(0.05)
    assert [high for _, high in line.levels] == [True, False]
    pulses.stop()


def test_the_share_of_time_that_pulses_are_high() -> None:
    line = Recorder()
    pulses = Pulses(line, 50, 0.25)
    time.sleep(0.5)
    pulses.stop()
    spans = [(later - t, high) for (t, high), (later, _) in zip(line.levels, line.levels[1:], strict=False)]
    share = sum(span for span, high in spans if high) / sum(span for span, _ in spans)
    assert share == pytest.approx(0.25, abs=0.15)


def test_a_line_that_fails_under_pulses_is_told_at_the_next_change() -> None:
    line = Recorder()
    pulses = Pulses(line, 200, 0.5)
    line.changed.wait(1)
    line.is_broken = True
    pulses._thread.join(1)
    with pytest.raises(OSError, match="gone"):
        pulses.duty = 0.25
    pulses.stop()


def test_a_pin_is_an_output_or_nothing(chip: FakeChip) -> None:
    import gpiozero

    factory = LineFactory(lambda number, high: Recorder())
    pin = factory.pin("GPIO17")
    assert pin.function == "input"
    with pytest.raises(gpiozero.PinSetInput):
        pin.state = 1
    pin.function = "output"
    with pytest.raises(gpiozero.PinInvalidState):
        pin.state = 2
    with pytest.raises(gpiozero.PinInvalidFunction):
        pin.function = "i2c"
    with pytest.raises(gpiozero.PinInvalidPin):
        factory.pin("GPIO99")
    assert factory.ticks_diff(factory.ticks(), 0.0) > 0
    factory.close()
    assert pin.function == "input"


def test_a_machine_without_such_a_chip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpiochip, "header_chip", lambda: None)
    with pytest.raises(PinsUnavailableError, match="belongs to a Raspberry Pi's header"):
        open_pins("gpiochip")


def test_a_chip_that_may_not_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise PermissionError(13, "Permission denied", "/dev/gpiochip0")

    monkeypatch.setattr(gpiochip, "header_chip", refuse)
    with pytest.raises(PinsUnavailableError, match=r"/dev/gpiochip0 can't be opened.*usermod -aG gpio"):
        open_pins("gpiochip")


def test_the_header_is_found_by_its_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dev").mkdir()
    for number in (0, 4, 10):
        (tmp_path / f"dev/gpiochip{number}").touch()
    labels = {"gpiochip0": "gpio-brcmstb@107d508500", "gpiochip4": "pinctrl-rp1", "gpiochip10": "raspberrypi-exp-gpio"}
    chips = {name: FakeChip(label) for name, label in labels.items()}
    monkeypatch.setattr(gpiochip, "ask", lambda chip, *rest: chips[chip.name].ask(chip, *rest))
    found = gpiochip.header_chip(tmp_path)
    assert found is not None
    assert found.name == "gpiochip4"
