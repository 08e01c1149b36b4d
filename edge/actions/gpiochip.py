"""GPIO lines through the kernel's character device: ``linux/gpio.h``, version 2 of its interface (Linux 5.10)."""

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

_ATTRIBUTE = struct.Struct("IIQQ")
"""``struct gpio_v2_line_config_attribute``: id, padding, value, mask of the lines that it is for."""

_CONFIG = struct.Struct("QI20s240s")
"""``struct gpio_v2_line_config``: flags, number of attributes, padding, ten attributes."""

_REQUEST = struct.Struct("256s32s272sII20si")
"""``struct gpio_v2_line_request``: 64 offsets, consumer, config, number of lines, buffer size, padding, descriptor."""

_VALUES = struct.Struct("QQ")
"""``struct gpio_v2_line_values``: bits, mask."""

_USED, _INPUT, _OUTPUT = 1 << 0, 1 << 2, 1 << 3
"""``GPIO_V2_LINE_FLAG_…``."""

_OUTPUT_VALUES = 2
"""``GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES``."""

_GPIO = 0xB4
_READ, _READ_WRITE = 2, 3

CONSUMER = "vigil"


def _request(direction: int, number: int, size: int) -> int:
    """``_IOC`` of ``asm-generic/ioctl.h``."""
    return direction << 30 | size << 16 | _GPIO << 8 | number


GET_CHIP_INFO = _request(_READ, 0x01, _CHIP_INFO.size)
GET_LINE_INFO = _request(_READ_WRITE, 0x05, _LINE_INFO.size)
GET_LINE = _request(_READ_WRITE, 0x07, _REQUEST.size)
SET_CONFIG = _request(_READ_WRITE, 0x0D, _CONFIG.size)
SET_VALUES = _request(_READ_WRITE, 0x0F, _VALUES.size)

HEADER_LABELS = ("pinctrl-bcm", "pinctrl-rp1")
"""Beginnings of the labels of the chips whose lines are a Raspberry Pi's header, in the order of the BCM numbers."""


@dataclass(frozen=True)
class LineInfo:
    """Whether a line is in use, and by the name that its user gave."""

    is_used: bool
    consumer: str


def header_chip(root: Path = Path("/")) -> Path | None:
    """The chip with the lines of a Raspberry Pi's header; ``None`` if there is none.

    Raises:
        OSError: there is a chip, but it may not be asked.
    """
    for chip in sorted((root / "dev").glob("gpiochip*")):
        _, label, _ = _CHIP_INFO.unpack(ask(chip, GET_CHIP_INFO, bytes(_CHIP_INFO.size)))
        if _text(label).startswith(HEADER_LABELS):
            return chip
    return None


def line_info(chip: Path, offset: int) -> LineInfo:
    """Who uses the line.

    Raises:
        OSError: the chip can't be opened or has no such line.
    """
    empty = _LINE_INFO.pack(b"", b"", offset, 0, 0, b"", b"")
    _, consumer, _, _, flags, _, _ = _LINE_INFO.unpack(ask(chip, GET_LINE_INFO, empty))
    return LineInfo(bool(flags & _USED), _text(consumer))


def ask(chip: Path, request: int, buffer: bytes) -> bytes:
    """The kernel's answer to one request to a chip.

    Raises:
        OSError: it can't be opened, or refuses.
    """
    descriptor = os.open(chip, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return fcntl.ioctl(descriptor, request, buffer)
    finally:
        os.close(descriptor)


class KernelLine:
    """Line ``offset`` of ``chip``, an output for as long as this is open."""

    def __init__(self, chip: Path, offset: int, high: bool) -> None:
        """Claim it; it has its level from the first moment.

        Raises:
            OSError: it is busy, or the chip may not be used.
        """
        level = _ATTRIBUTE.pack(_OUTPUT_VALUES, 0, int(high), 1)
        config = _CONFIG.pack(_OUTPUT, 1, b"", level)
        request = _REQUEST.pack(struct.pack("I", offset), CONSUMER.encode(), config, 1, 0, b"", -1)
        self._descriptor = _REQUEST.unpack(ask(chip, GET_LINE, request))[-1]

    def set(self, high: bool) -> None:
        fcntl.ioctl(self._descriptor, SET_VALUES, _VALUES.pack(int(high), 1))

    def close(self) -> None:
        """Make it an input before it is given back: some drivers let a freed line keep its level."""
        try:
            fcntl.ioctl(self._descriptor, SET_CONFIG, _CONFIG.pack(_INPUT, 0, b"", b""))
        finally:
            os.close(self._descriptor)


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode(errors="replace")
