"""What systemd is told, by the protocol of sd_notify(3): lines over a datagram socket."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

log = logging.getLogger(__name__)

SOCKET_VARIABLE = "NOTIFY_SOCKET"
WATCHDOG_VARIABLE = "WATCHDOG_USEC"


class Notifier:
    """Sends to the socket at ``address``; with ``None``, outside of systemd, to nobody.

    Nothing here raises: a daemon that works must not fail because nobody listens.
    """

    def __init__(self, address: str | None, watchdog_seconds: float | None = None) -> None:
        """``watchdog_seconds`` is what the unit asks for; ``None``: it has no watchdog."""
        self._address = address
        self._watchdog_seconds = watchdog_seconds
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) if address else None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Notifier:
        microseconds = environment.get(WATCHDOG_VARIABLE, "")
        return cls(
            environment.get(SOCKET_VARIABLE) or None, int(microseconds) / 1e6 if microseconds.isdigit() else None
        )

    @property
    def is_heard(self) -> bool:
        """Whether there is a service manager to talk to."""
        return self._socket is not None

    def ready(self, status: str) -> None:
        """It runs: after a start, or after a reload."""
        self._send(f"READY=1\nSTATUS={status}")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._send(f"STATUS={text}")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def watchdog(self, seconds: float) -> None:
        """Ask for a watchdog time-out of ``seconds``, if the unit has a watchdog that would bite sooner."""
        if self._watchdog_seconds is not None:
            self._send(f"WATCHDOG_USEC={round(max(seconds, self._watchdog_seconds) * 1e6)}")

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str) -> None:
        self._send(f"STOPPING=1\nSTATUS={status}")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, text: str) -> None:
        if self._socket is None or self._address is None:
            return
        # "@" stands for the NUL that begins an abstract address.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            self._socket.sendto(text.encode(), address)
        except OSError as error:
            log.warning("%s %s: can't be told %r (%s)", SOCKET_VARIABLE, self._address, text, error.strerror)
