"""Whether the board slows itself down, because it is hot or its power supply is weak."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

FIRMWARE_FILE = Path("sys/devices/platform/soc/soc:firmware/get_throttled")
"""Where the Raspberry Pi kernel shows the firmware's bits; elsewhere ``vcgencmd get_throttled`` asks for them."""

ZONES = Path("sys/class/thermal")

PERIOD_SECONDS = 5.0

_BITS = {
    0: "the power supply is too weak",
    1: "the processor's clock is limited",
    2: "the board is throttled",
    3: "the board is near its temperature limit",
}
"""Bits of the present state; those from 16 on say what has ever been since the start (Raspberry Pi documentation,
``vcgencmd get_throttled``)."""


def in_words(bits: int) -> str:
    """What the firmware's ``bits`` say of now; empty if nothing.

    >>> in_words(0x50005)
    'the power supply is too weak, the board is throttled'
    """
    return ", ".join(text for bit, text in _BITS.items() if bits >> bit & 1)


def throttled(root: Path = Path("/")) -> str:
    """Why the board slows itself down, in words; empty if it doesn't, or can't be asked."""
    bits = _firmware_bits(root)
    return in_words(bits) if bits is not None else _hot_zone(root / ZONES)


class Throttling:
    """Asks :func:`throttled` now and then."""

    def __init__(self, ask: Callable[[], str] = throttled) -> None:
        self._ask = ask
        self._asked_at = float("-inf")
        self._answer = ""

    def at(self, now: float) -> str:
        """The answer at ``now`` seconds of a monotonic clock, at most :data:`PERIOD_SECONDS` old."""
        if now - self._asked_at >= PERIOD_SECONDS:
            self._asked_at, self._answer = now, self._ask()
        return self._answer


def _firmware_bits(root: Path) -> int | None:
    """The firmware's bits; ``None`` if this is no Raspberry Pi, or it doesn't answer."""
    try:
        return int((root / FIRMWARE_FILE).read_text("ascii"), 16)
    except (OSError, ValueError):
        return _vcgencmd() if root == Path("/") else None


def _vcgencmd() -> int | None:
    command = shutil.which("vcgencmd")
    if command is None:
        return None
    try:
        answer = subprocess.run(
            [command, "get_throttled"], capture_output=True, text=True, timeout=1, check=True
        ).stdout
        return int(answer.strip().removeprefix("throttled="), 16)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _hot_zone(zones: Path) -> str:
    """The first thermal zone that is as hot as the first trip point at which the kernel slows something down."""
    for zone in sorted(zones.glob("thermal_zone*")):
        for kind in sorted(zone.glob("trip_point_*_type")):
            trip = _milli_degrees(kind.with_name(kind.name.replace("_type", "_temp")))
            temperature = _milli_degrees(zone / "temp")
            passive = kind.read_text("ascii").strip() == "passive"
            if passive and trip is not None and temperature is not None and 0 < trip <= temperature:
                return f"{zone.name} has {temperature / 1000:.0f} °C, from {trip / 1000:.0f} °C on the board slows down"
    return ""


def _milli_degrees(file: Path) -> int | None:
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return None
