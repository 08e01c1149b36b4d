"""What the two sides say to each other, and which error a board's refusal is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from pydantic import BaseModel, ConfigDict

from convert.deploy import errors
from convert.deploy.errors import DeployError
from edge.inference import Task


@dataclass(frozen=True)
class Options:
    """What to do on the board, and where.

    ``vigil`` is the command there, ``models`` the folder of bundles (``None``: the one that the daemon reads).
    """

    vigil: str = "vigil"
    models: str | None = None
    restart: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class FileNote:
    """A file that will be sent."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Request:
    """The first line to the board: put the bundle ``task`` with ``files`` in force, or the one from before."""

    task: Task
    options: Options
    files: tuple[FileNote, ...] = ()
    rollback: bool = False

    def encode(self) -> bytes:
        fields = {"task": self.task.value, "rollback": self.rollback, **asdict(self.options)}
        return json.dumps({**fields, "files": [asdict(file) for file in self.files]}).encode() + b"\n"


class Reply(BaseModel):
    """One line from the board; which fields a step has, :mod:`convert.deploy.board` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: str
    kind: str = ""
    text: str = ""
    models: str = ""
    in_force: str | None = None
    changed: bool = False


REFUSALS: dict[str, type[DeployError]] = {
    "busy": errors.TryAgainError,
    "cut": errors.TryAgainError,
    "damaged": errors.TryAgainError,
    "denied": errors.DeniedError,
    "folder": errors.CantCreateError,
    "full": errors.CantCreateError,
    "no-previous": errors.UnavailableError,
    "no-service": errors.UnavailableError,
    "no-vigil": errors.UnavailableError,
    "restart": errors.RestartError,
    "system": errors.CantCreateError,
    "unfit": errors.UnfitBundleError,
}
"""The error for each kind of ``BoardError``."""


def plain(text: str) -> str:
    """``text`` from another machine without what could steer a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)
