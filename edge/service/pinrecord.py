"""Which outputs are in use, written down for whoever must make them safe after a killed daemon."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from pathlib import Path

from edge.actions.safe import SafeLine

log = logging.getLogger(__name__)

FOLDER_VARIABLE = "RUNTIME_DIRECTORY"
"""Set by systemd: a folder that exists from the start of the service until after its ExecStopPost."""

FILE_NAME = "outputs.json"


class PinRecord:
    """A file with the name of the pin factory and the safe lines; with ``path`` ``None`` there is none.

    It exists exactly while the outputs are open, or were when the daemon died.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> PinRecord:
        folder = environment.get(FOLDER_VARIABLE)
        return cls(Path(folder) / FILE_NAME if folder else None)

    @property
    def is_kept(self) -> bool:
        """Whether there is a place for it: a service."""
        return self._path is not None

    def write(self, pins: str, lines: Iterable[SafeLine]) -> None:
        """Before the outputs are opened.  That it can't be written is logged: an alarm matters more."""
        if self._path is None:
            return
        try:
            self._path.write_text(json.dumps({"pins": pins, "lines": [astuple(line) for line in lines]}))
        except OSError as error:
            log.warning("%s: can't be written (%s); after a crash outputs won't be safe", self._path, error.strerror)

    def read(self) -> tuple[str, tuple[SafeLine, ...]] | None:
        """The name of the factory and the lines, or ``None`` where none is left behind."""
        if self._path is None or not self._path.exists():
            return None
        content = json.loads(self._path.read_text())
        return content["pins"], tuple(SafeLine(*line) for line in content["lines"])

    def clear(self) -> None:
        """After the outputs were made safe and closed."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
