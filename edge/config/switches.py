"""The keys that switch a family of events on, and the bundles that it then needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.inference.manifest import Task
from edge.settings import Settings

Switch = tuple[str, str]
"""A key of the config that is true or false, as (table, key)."""

FACES: Switch = ("detection", "faces")
HANDS: Switch = ("detection", "hands")


@dataclass(frozen=True, slots=True)
class Family:
    """Events that come and go together: on while every one of ``switches`` is, read with the bundles for ``tasks``."""

    switches: tuple[Switch, ...]
    tasks: tuple[Task, ...]


FAMILIES: Mapping[str, Family] = {
    "face": Family((FACES,), (Task.FACES,)),
    "emotion": Family((FACES, ("emotion", "enabled")), (Task.FACES, Task.EMOTION)),
    "drowsiness": Family((FACES, ("drowsiness", "enabled")), (Task.FACES, Task.EYES)),
    "gesture": Family((HANDS,), (Task.HANDS, Task.GESTURE)),
}


def family_of(event: str) -> str:
    """The name of the family that an event belongs to: ``gesture`` for ``gesture.palm``."""
    return event.partition(".")[0]


def switched_off_by(family: str, tables: Mapping[str, Settings | None]) -> Switch | None:
    """The first key that switches ``family`` off; ``tables`` by name, ``None`` for one that is itself wrong."""
    for table, key in FAMILIES[family].switches:
        settings = tables.get(table)
        if settings is not None and not getattr(settings, key):
            return table, key
    return None
