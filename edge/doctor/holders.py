"""Who has a device file open, or a line of a GPIO chip."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A running process."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


def holders(device: Path, root: Path = Path("/")) -> list[Process]:
    """The processes that have ``device`` open, by number.

    Only root sees those of other users.
    """
    return _processes(root, lambda descriptor: _target(descriptor) == str(device))


def line_holders(chip: Path, line: int, root: Path = Path("/")) -> list[Process]:
    """The processes that hold ``line`` of the GPIO chip, by number.

    A requested line is a file of its own, without a path.  Linux 6.3 and later tell in ``/proc/*/fdinfo`` which
    lines it is; before, whoever holds any line is named.
    """

    def holds(descriptor: Path) -> bool:
        if not (_target(descriptor) or "").startswith("anon_inode:gpio-"):
            return False
        told = _read(descriptor.parents[1] / "fdinfo" / descriptor.name)
        lines = {int(number) for number in re.findall(r"^gpio-line:\s*(\d+)$", told, re.MULTILINE)}
        return not lines or (
            line in lines and re.search(rf"^gpio-chip:\s*{chip.name}$", told, re.MULTILINE) is not None
        )

    return _processes(root, holds)


def _processes(root: Path, holds: Callable[[Path], bool]) -> list[Process]:
    """Those with a file descriptor (its link below ``/proc``) of which ``holds`` is true."""
    found = []
    for folder in (root / "proc").glob("[0-9]*"):
        if any(holds(link) for link in _entries(folder / "fd")):
            found.append(Process(int(folder.name), _read(folder / "comm").strip() or "a process"))
    return sorted(found, key=lambda process: process.pid)


def in_words(processes: list[Process]) -> str:
    """Their names, or why there are none."""
    if processes:
        return ", ".join(map(str, processes))
    return "a process of another user (sudo vigil doctor names it)" if os.geteuid() != 0 else "a driver of the kernel"


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _target(link: Path) -> str | None:
    try:
        return os.readlink(link)
    except OSError:
        return None


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
