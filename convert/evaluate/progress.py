"""How far a long run is, and what it had to leave out."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass
class Coverage:
    """How much of the data was judged: ``taken`` of the ``available`` pictures (or pairs), less what was skipped.

    What can't be judged is named in the log at once, and in the result.
    """

    unit: str
    available: int
    taken: int
    skipped: list[str] = field(default_factory=list)

    def skip(self, error: Exception) -> None:
        """Leave out what ``error`` is about."""
        self.skipped.append(str(error))
        log.warning("skipped: %s", error)

    def figures(self) -> dict[str, Any]:
        """The figures as a result holds them."""
        return {"unit": self.unit, "available": self.available, "taken": self.taken, "skipped": self.skipped}


def progress(items: Sequence[T], unit: str) -> Iterable[T]:
    """``items`` behind a progress bar on standard error, where that is a terminal."""
    from tqdm import tqdm

    return tqdm(items, unit=f" {unit}", disable=None, leave=False)


def spread(items: Sequence[T], limit: int | None) -> Sequence[T]:
    """At most ``limit`` of ``items``, evenly from first to last; all without a limit.

    >>> spread("abcdefg", 3)
    ['a', 'd', 'g']
    """
    if limit is None or limit >= len(items):
        return items
    return [items[int(index)] for index in np.linspace(0, len(items) - 1, limit).round()]
