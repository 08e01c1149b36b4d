"""Which library drives the pins: chosen by name, through one registry, never by falling back."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from edge.errors import OutputError

log = logging.getLogger(__name__)

AUTO = "auto"
BOARD_MODEL = Path("/proc/device-tree/model")
"""Where Linux tells the name of a board, ended by a NUL; absent on a PC."""


LGPIO_FOLDER_VARIABLE = "LG_WD"


class PinsUnavailableError(OutputError):
    """The library or the kernel's device for the pins is missing or refuses us."""


def board_model(path: Path = BOARD_MODEL) -> str | None:
    """The board's name, such as ``Raspberry Pi 4 Model B Rev 1.4``; ``None`` on a machine that has none."""
    try:
        return path.read_text(errors="replace").rstrip("\0\n")
    except OSError:
        return None


def choose(pins: str, model: str | None, *, has_lgpio: bool | None = None) -> str:
    """The name of the pin factory for ``pins`` on the board ``model``.

    Only ``auto`` looks at the board: a Raspberry Pi or a Jetson gets its real pins, or an error later on;
    any other machine gets mock pins, and the log says so.  A Raspberry Pi's are driven by lgpio where that is
    installed (``None``: look), as on Raspberry Pi OS, else through the kernel's device.
    """
    if pins != AUTO:
        return pins
    if model is not None and "Raspberry Pi" in model:
        installed = find_spec("lgpio") is not None if has_lgpio is None else has_lgpio
        return "lgpio" if installed else "gpiochip"
    if model is not None and ("Jetson" in model or "NVIDIA" in model):
        return "jetson"
    log.warning(
        "pins are mock: %s has no GPIO that Vigil can drive; outputs change in the log only", model or "this PC"
    )
    return "mock"


def open_pins(name: str) -> Any:
    """A new gpiozero pin factory, by name.

    Raises:
        PinsUnavailableError: for an unknown name, or where the factory can't be had; says what to do.
    """
    if name not in FACTORIES:
        known = ", ".join([AUTO, *FACTORIES])
        raise PinsUnavailableError(f"--pins: no pins are called {name!r}; known are {known}")
    return FACTORIES[name]()


def close_pins(factory: Any) -> None:
    """Close a pin factory.

    Raises:
        PinsUnavailableError: where its library fails.
    """
    try:
        factory.close()
    except Exception as error:  # lgpio.error derives from Exception alone
        raise PinsUnavailableError(f"the pins can't be closed: {error}") from error


def _open_mock() -> Any:
    from gpiozero.pins.mock import MockFactory, MockPWMPin

    return MockFactory(pin_class=MockPWMPin)


def _open_lgpio() -> Any:
    from gpiozero.exc import PinUnknownPi

    factory_class = _import_lgpio()
    try:
        return factory_class()
    except PinUnknownPi as error:
        raise PinsUnavailableError(
            "pins lgpio: this is no Raspberry Pi, or one that the installed gpiozero doesn't know "
            f"({error}); a Pi 5 needs gpiozero 2.0.1.post3 or later. Without pins: --pins mock"
        ) from error
    except Exception as error:  # lgpio.error derives from Exception alone
        raise PinsUnavailableError(
            f"pins lgpio: /dev/gpiochip* can't be opened ({error}): check that it exists and that this user may "
            "write to it (sudo usermod -aG gpio $USER, then log in again). Without pins: --pins mock"
        ) from error


def _import_lgpio() -> Any:
    """The gpiozero factory for lgpio."""
    try:
        with _folder_for_lgpio():
            from gpiozero.pins.lgpio import LGPIOFactory
    except ImportError as error:
        raise PinsUnavailableError(
            f"pins lgpio: the library lgpio is not installed ({error}): pip install 'vigil[pi]', or "
            "sudo apt install python3-lgpio. Without pins: --pins mock"
        ) from error
    except OSError as error:
        raise PinsUnavailableError(
            f"pins lgpio: lgpio can't make its pipe ({error}): set {LGPIO_FOLDER_VARIABLE} to a folder that this "
            "user may write to"
        ) from error
    return LGPIOFactory


@contextmanager
def _folder_for_lgpio() -> Iterator[None]:
    """Contain what lgpio does at its import: it makes a pipe in ``$LG_WD`` or the current folder, and stays there.

    A service may not write to its current folder, and relative paths must mean afterwards what they meant before.
    The pipe tells of changing inputs, which Vigil has none of, so it may go again.
    """
    before = Path.cwd()
    is_set = LGPIO_FOLDER_VARIABLE in os.environ
    with tempfile.TemporaryDirectory(prefix="vigil-lgpio-") as folder:
        os.environ.setdefault(LGPIO_FOLDER_VARIABLE, folder)
        try:
            yield
        finally:
            os.chdir(before)
            if not is_set:
                del os.environ[LGPIO_FOLDER_VARIABLE]


def _open_gpiochip() -> Any:
    from edge.actions.gpiochip import KernelLine, header_chip
    from edge.actions.lines import LineFactory

    try:
        chip = header_chip()
    except OSError as error:
        raise PinsUnavailableError(
            f"pins gpiochip: {error.filename} can't be opened ({error.strerror}): check that this user may write to it "
            "(sudo usermod -aG gpio $USER, then log in again). Without pins: --pins mock"
        ) from error
    if chip is None:
        raise PinsUnavailableError(
            "pins gpiochip: no /dev/gpiochip* belongs to a Raspberry Pi's header: is its driver loaded (dmesg)? "
            "Without pins: --pins mock"
        )
    return LineFactory(partial(KernelLine, chip))


def _open_jetson() -> Any:
    from edge.actions.jetson import JetsonLine, load_jetson_gpio
    from edge.actions.lines import LineFactory

    try:
        load_jetson_gpio()
    except ImportError as error:
        raise PinsUnavailableError(
            f"pins jetson: the library Jetson.GPIO is not installed ({error}): pip install 'vigil[jetson]'. "
            "Without pins: --pins mock"
        ) from error
    except Exception as error:  # it raises bare Exception for a board that it doesn't know
        raise PinsUnavailableError(
            f"pins jetson: Jetson.GPIO refuses this board ({error}): a newer version may know it, pip install "
            "--upgrade Jetson.GPIO. Without pins: --pins mock"
        ) from error
    return LineFactory(JetsonLine)


FACTORIES: dict[str, Callable[[], Any]] = {
    "mock": _open_mock,
    "lgpio": _open_lgpio,
    "gpiochip": _open_gpiochip,
    "jetson": _open_jetson,
}
