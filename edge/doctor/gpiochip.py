"""Who uses a GPIO line, as the kernel knows it: the character device's own interface, ``linux/gpio.h`` version 2."""

from __future__ import annotations

import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path

_CHIP_INFO = struct.Struct("32s32sI")
"""``struct gpiochip_info``: name, label, number of lines."""

_LINE_INFO = struct.Struct("32s32sIIQ160s16s")
"""``struct gpio_v2_line_info``: name, consumer, offset, number of attributes, flags, attributes, padding."""

_USED = 1
"""``GPIO_V2_LINE_FLAG_USED``."""

_GPIO = 0xB4
_READ, _READ_WRITE = 2, 3


def _request(direction: int, number: int, size: int) -> int:
    """``_IOC`` of ``asm-generic/ioctl.h``."""
    return direction << 30 | size << 16 | _GPIO << 8 | number


GET_CHIP_INFO = _request(_READ, 1, _CHIP_INFO.size)
GET_LINE_INFO = _request(_READ_WRITE, 5, _LINE_INFO.size)

HEADER_LABELS = ("pinctrl-bcm", "pinctrl-rp1")
"""Beginnings of the labels of the chips whose lines are a Raspberry Pi's header, in the order of the GPIO numbers."""


@dataclass(frozen=True)
class Line:
    """A line of a chip: ``consumer`` is the name that its user gave."""

    chip: Path
    is_used: bool
    consumer: str


def header_chip(root: Path = Path("/")) -> Path | None:
    """The chip with the lines of a Raspberry Pi's header; ``None`` if there is none, or it may not be opened."""
    for chip in sorted((root / "dev").glob("gpiochip*")):
        try:
            _, label, _ = _CHIP_INFO.unpack(_ask(chip, GET_CHIP_INFO, bytes(_CHIP_INFO.size)))
        except OSError:
            continue
        if _text(label).startswith(HEADER_LABELS):
            return chip
    return None


def line(chip: Path, offset: int) -> Line:
    """Who uses the line.

    Raises:
        OSError: the chip can't be opened or has no such line.
    """
    empty = _LINE_INFO.pack(b"", b"", offset, 0, 0, b"", b"")
    _, consumer, _, _, flags, _, _ = _LINE_INFO.unpack(_ask(chip, GET_LINE_INFO, empty))
    return Line(chip, bool(flags & _USED), _text(consumer))


def _ask(chip: Path, request: int, buffer: bytes) -> bytes:
    descriptor = os.open(chip, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return fcntl.ioctl(descriptor, request, buffer)
    finally:
        os.close(descriptor)


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode(errors="replace")
