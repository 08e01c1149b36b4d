"""Who has a device file open."""

from __future__ import annotations

import os
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
    found = []
    for folder in (root / "proc").glob("[0-9]*"):
        if any(_target(link) == str(device) for link in _entries(folder / "fd")):
            found.append(Process(int(folder.name), _name(folder)))
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


def _name(folder: Path) -> str:
    try:
        return (folder / "comm").read_text().strip()
    except OSError:
        return "a process"
