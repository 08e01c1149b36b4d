"""A chip of GPIO lines that obeys the kernel's rules, behind the same ``ioctl`` calls."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

from edge.actions import gpiochip


class FakeChip:
    """A Raspberry Pi's chip: ``events`` records each change as (line, level), and ``"input"`` for a line given back."""

    def __init__(self, label: str = "pinctrl-bcm2711") -> None:
        self.events: list[tuple[int, bool | str]] = []
        self.consumers: dict[int, str] = {}
        self._label = label
        self._lines: dict[int, int] = {}

    def ask(self, chip: Path, request: int, buffer: bytes) -> bytes:
        """A request to the chip's own descriptor."""
        if request == gpiochip.GET_CHIP_INFO:
            return struct.pack("32s32sI", b"gpiochip0", self._label.encode(), 58)
        if request == gpiochip.GET_LINE_INFO:
            offset = struct.unpack_from("I", buffer, 64)[0]
            used = offset in self.consumers
            consumer = self.consumers.get(offset, "").encode()
            return struct.pack("32s32sIIQ176s", b"", consumer, offset, 0, int(used), b"")
        assert request == gpiochip.GET_LINE
        return self._claim(buffer)

    def _claim(self, buffer: bytes) -> bytes:
        offset = struct.unpack_from("I", buffer)[0]
        flags, attributes = struct.unpack_from("QI", buffer, 288)
        attribute, value, mask = struct.unpack_from("I4xQQ", buffer, 320)
        assert (flags, attributes, attribute, mask) == (1 << 3, 1, 2, 1), "an output with its first level"
        assert struct.unpack_from("II", buffer, 560) == (1, 0), "one line, and no buffer of events"
        if offset in self.consumers:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        self.consumers[offset] = buffer[256:288].rstrip(b"\0").decode()
        self.events.append((offset, bool(value)))
        descriptor = os.open(os.devnull, os.O_RDWR)
        self._lines[descriptor] = offset
        return buffer[:-4] + struct.pack("i", descriptor)

    def ioctl(self, descriptor: int, request: int, buffer: bytes) -> bytes:
        """A request to a line's descriptor."""
        offset = self._lines[descriptor]
        if request == gpiochip.SET_VALUES:
            bits, mask = struct.unpack("QQ", buffer)
            assert mask == 1
            self.events.append((offset, bool(bits)))
        else:
            assert request == gpiochip.SET_CONFIG
            assert struct.unpack_from("QI", buffer) == (1 << 2, 0)
            self.events.append((offset, "input"))
            del self.consumers[offset], self._lines[descriptor]
        return buffer
