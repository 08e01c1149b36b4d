"""The pin factory is chosen by name, and a real board never falls back to mock pins."""

from __future__ import annotations

import builtins
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from edge.actions.pins import FACTORIES, PinsUnavailableError, board_model, choose, open_pins


@pytest.mark.parametrize(
    ("pins", "model", "name"),
    [
        ("auto", "Raspberry Pi 5 Model B Rev 1.0", "lgpio"),
        ("auto", "Raspberry Pi Zero 2 W Rev 1.0", "lgpio"),
        ("auto", "NVIDIA Jetson Orin Nano Developer Kit", "jetson"),
        ("auto", "NVIDIA Orin Nano Developer Kit", "jetson"),
        ("auto", "Radxa ROCK 5B", "mock"),
        ("auto", None, "mock"),
        ("mock", "Raspberry Pi 5 Model B Rev 1.0", "mock"),
        ("lgpio", None, "lgpio"),
    ],
)
def test_choice(pins: str, model: str | None, name: str) -> None:
    assert choose(pins, model, has_lgpio=True) == name


def test_without_lgpio_a_raspberry_pi_is_driven_through_the_kernel() -> None:
    assert choose("auto", "Raspberry Pi 3 Model B", has_lgpio=False) == "gpiochip"


def test_a_machine_without_gpio_says_that_its_pins_are_mock(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        choose("auto", None)
    assert "pins are mock" in caplog.text


def test_board_model(tmp_path: Path) -> None:
    file = tmp_path / "model"
    assert board_model(file) is None
    file.write_bytes(b"Raspberry Pi 3 Model B Rev 1.2\0")
    assert board_model(file) == "Raspberry Pi 3 Model B Rev 1.2"


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(PinsUnavailableError, match="'mok'; known are auto, mock, lgpio, gpiochip, jetson"):
        open_pins("mok")


def test_missing_lgpio_is_an_error_and_the_folder_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    original = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "gpiozero.pins.lgpio":
            os.chdir(tmp_path)
            raise ModuleNotFoundError("No module named 'lgpio'")
        return original(name, *args, **kwargs)

    before = Path.cwd()
    monkeypatch.delenv("LG_WD", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(PinsUnavailableError, match=r"lgpio is not installed.*vigil\[pi\]"):
        open_pins("lgpio")
    assert Path.cwd() == before
    assert "LG_WD" not in os.environ


def test_every_factory_has_a_name_that_auto_does_not_take() -> None:
    assert "auto" not in FACTORIES
