"""A service manager that listens, and the daemon as it would start it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

CONFIG = """
[camera]
source = "demo"
[detection]
hands = false
[emotion]
enabled = false
[drowsiness]
enabled = false
[outputs.{output}]
type = "led"
pin = {pin}
[[rules]]
while = "face"
do = "{output}.on"
"""


class Manager:
    """Stands for systemd: a datagram socket, and every line that was sent to it, in order."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self.lines: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)

    def wait_for(self, beginning: str, seconds: float = 30.0) -> str:
        """The next line that begins so; what was heard before it is forgotten.

        Raises
        ------
        AssertionError
            none came in time; says which did
        """
        deadline = time.monotonic() + seconds
        while (found := self._heard(beginning)) is None:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                self.lines += self._socket.recv(4096).decode().splitlines()
            except TimeoutError as error:
                raise AssertionError(f"no {beginning!r} within {seconds:g} s, only {self.lines}") from error
        return found

    def _heard(self, beginning: str) -> str | None:
        for index, line in enumerate(self.lines):
            if line.startswith(beginning):
                del self.lines[: index + 1]
                return line
        return None

    def close(self) -> None:
        self._socket.close()


def start_daemon(manager: Manager, config: Path, runtime: Path, *options: str) -> subprocess.Popen[str]:
    """``vigil run`` on mock pins, under ``manager``, with the runtime folder that the unit asks for."""
    return subprocess.Popen(
        [sys.executable, "-m", "edge.cli", "-v", "run", "--config", str(config), "--pins", "mock", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ
        | {
            "NOTIFY_SOCKET": manager.address,
            "WATCHDOG_USEC": "30000000",
            "RUNTIME_DIRECTORY": str(runtime),
            "PYTHONUNBUFFERED": "1",
        },
    )
