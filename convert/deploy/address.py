"""``user@host:port``, as a person writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ADDRESS = re.compile(
    r"(?P<user>[^\s:]+@)?(?:\[(?P<bracketed>[^\s\[\]]+)\]|(?P<ipv6>[^\s@\[\]]*:[^\s@\[\]]*:[^\s@\[\]]*)|(?P<name>[^\s@:\[\]]+))"
    r"(?::(?P<port>\d{1,5}))?"
)


@dataclass(frozen=True)
class Address:
    """Where a board is: ``destination`` as ``ssh`` takes it, a host or an alias, with or without user."""

    destination: str
    port: int | None = None


def parse_address(text: str) -> Address:
    """``pi@raspberrypi.local``, ``board``, ``10.0.0.7:2222``, ``pi@[fe80::1%eth0]:2222`` or ``fe80::1``.

    Raises:
        ValueError: it is none of these.  What begins with ``-`` would be an option of ssh, so it is none.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or text.startswith("-") or not text.isprintable():
        raise ValueError(f"expected user@host, host:port or an alias of your ssh config, received {text!r}")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"a port is 1 to 65535, received {text!r}")
    host = match["bracketed"] or match["ipv6"] or match["name"]
    return Address((match["user"] or "") + host, port)
