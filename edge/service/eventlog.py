"""Events and output changes as JSON lines, and in words that a person follows."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from edge.errors import InputError
from edge.timeline import Unjudged
from edge.values import Action, Event, EventState

log = logging.getLogger(__name__)

Sink = Callable[[Event | Action], None]


class EventFileError(InputError):
    """The file for events can't be written."""


def as_json(entry: Event | Action) -> dict[str, Any]:
    """The contract's object: ``{"t", "event", "state", …}`` or ``{"t", "output", "action", "because"}``."""
    t = round(entry.t, 3)
    if isinstance(entry, Event):
        return {"t": t, "event": entry.name, "state": entry.state.value, **_plain(entry.details)}
    return {"t": t, "output": entry.output, "action": entry.action, "because": entry.because}


def in_words(entry: Event | Action) -> str | None:
    """One line for a person: ``00:03.2  palm shown``; None where the next line says it all."""
    if isinstance(entry, Event) and entry.name.startswith("drowsiness.") and entry.state is EventState.ENDED:
        return None  # one state follows the other
    minutes, seconds = divmod(entry.t, 60)
    return f"{int(minutes):02d}:{seconds:04.1f}  {_sentence(entry)}"


class EventFile:
    """A file of JSON lines, each written out at once so that a reader or a crash loses nothing.

    When it can't be written any more (the disk is full), that is logged once and the run goes on: an alarm matters
    more than its record.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: BinaryIO | None = path.open("wb", buffering=0)
        except OSError as error:
            raise EventFileError(
                f"{path}: can't write events here ({error.strerror}); name another --events"
            ) from error

    def __call__(self, entry: Event | Action) -> None:
        if self._file is None:
            return
        try:
            self._file.write((json.dumps(as_json(entry)) + "\n").encode())
        except OSError as error:
            log.error("%s: no more events are written: %s", self._path, error.strerror)
            self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


_DROWSINESS = {
    "awake": "driver awake",
    "advisory": "eyes closed more than usual: advisory",
    "drowsy": "driver drowsy",
    "microsleep": "MICROSLEEP: eyes closed",
    "sleep": "SLEEP: eyes still closed",
    "unresponsive": "UNRESPONSIVE: eyes still closed",
}
_CANNOT_JUDGE = {
    Unjudged.NO_FACE: "cannot judge: the driver's face is not in view",
    Unjudged.EYES_UNSEEN: "cannot judge: the driver's eyes can't be seen",
    Unjudged.FRAME_RATE: "cannot judge: too few frames a second",
    Unjudged.CAMERA_LOST: "cannot judge: the camera is lost",
}


def _sentence(entry: Event | Action) -> str:
    if not isinstance(entry, Event):
        return f"  → {entry.output} {entry.action}, because of {entry.because}"
    started = entry.state is EventState.STARTED
    kind, _, label = entry.name.partition(".")
    words = label.replace("_", " ")
    if kind == "gesture":
        return f"{words} {'shown' if started else 'let go'}"
    if kind == "emotion":
        return f"looks {words}" if started else f"no longer {words}"
    if kind == "drowsiness":
        return _CANNOT_JUDGE[Unjudged(entry.details["reason"])] if "reason" in entry.details else _DROWSINESS[label]
    return f"{entry.name} {'appeared' if started else 'gone'}"


def _plain(details: Mapping[str, Any]) -> dict[str, Any]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in details.items()}
