"""What one check has found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum


class State(str, Enum):
    OK = "ok"
    WARNING = "warning"
    """Vigil runs, but not as well as it could, or not for long."""
    FAILED = "failed"
    """Vigil doesn't run, or doesn't do its job."""


@dataclass(frozen=True)
class Finding:
    """``seen`` is what was found, ``do`` what to do about it, empty where all is well."""

    name: str
    state: State
    seen: str
    do: str = ""

    def as_json(self) -> dict[str, str]:
        return {**asdict(self), "state": self.state.value}


def ok(name: str, seen: str) -> Finding:
    return Finding(name, State.OK, seen)


def warning(name: str, seen: str, do: str) -> Finding:
    return Finding(name, State.WARNING, seen, do)


def failed(name: str, seen: str, do: str) -> Finding:
    return Finding(name, State.FAILED, seen, do)
