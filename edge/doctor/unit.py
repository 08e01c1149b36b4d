"""What systemd knows of the service."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

NAME = "vigil.service"
_PROPERTIES = ("LoadState", "ActiveState", "SubState", "Result", "NRestarts", "StatusText", "MainPID", "ExecMainStatus")
_TIMEOUT_SECONDS = 5


@dataclass(frozen=True)
class Unit:
    """The service's state; the fields are those of ``systemctl show``."""

    load: str = "not-found"
    active: str = "inactive"
    sub: str = "dead"
    result: str = "success"
    restarts: int = 0
    status: str = ""
    pid: int = 0
    exit_status: int = 0

    @property
    def is_installed(self) -> bool:
        return self.load == "loaded"

    @property
    def is_active(self) -> bool:
        return self.active in ("active", "reloading")


def ask_systemd() -> Unit:
    """The state of the service; not installed where there is no systemd."""
    if shutil.which("systemctl") is None:
        return Unit()
    command = ["systemctl", "show", NAME, *(f"--property={name}" for name in _PROPERTIES)]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return Unit()
    return parse(answer)


def parse(answer: str) -> Unit:
    r"""``systemctl show``'s lines ``Name=value``.

    >>> parse("LoadState=loaded\nActiveState=active\nMainPID=12").pid
    12
    """
    said = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
    return Unit(
        load=said.get("LoadState", "not-found"),
        active=said.get("ActiveState", "inactive"),
        sub=said.get("SubState", "dead"),
        result=said.get("Result", "success"),
        restarts=_number(said.get("NRestarts")),
        status=said.get("StatusText", ""),
        pid=_number(said.get("MainPID")),
        exit_status=_number(said.get("ExecMainStatus")),
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
