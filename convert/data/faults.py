"""What every loader does with a damaged or mislabelled file: name it, count it, skip it, and stop if there are many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from convert.data.errors import DamagedError, DataError

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Read = TypeVar("Read")


@dataclass(frozen=True)
class FaultPolicy:
    """Up to ``max_share`` (0 to 1) of a data set's files or lines may be damaged.

    A data set with more is refused as soon as that is certain, but not before ``named`` of them were named.
    """

    max_share: float = 0.01
    named: int = 20

    def sift(self, source: str, items: Sequence[Item], read: Callable[[Item], Read]) -> Iterator[Read]:
        """Yield what ``read`` makes of each of ``items``, less those for which it raises :class:`DamagedError`.

        ``source`` names the data set in messages.

        Raises:
            DataError: more than ``max_share`` of ``items`` are damaged.
        """
        faults: list[DamagedError] = []
        for item in items:
            try:
                result = read(item)
            except DamagedError as fault:
                log.warning("skipped: %s", fault)
                faults.append(fault)
                if len(faults) >= self.named:
                    self._check(source, faults, len(items))
                continue
            yield result
        self._check(source, faults, len(items))
        if faults:
            log.warning("%s: skipped %d of %d as damaged or mislabelled", source, len(faults), len(items))

    def _check(self, source: str, faults: Sequence[DamagedError], total: int) -> None:
        if len(faults) > self.max_share * total:
            raise DataError(
                f"{source}: {len(faults)} damaged or mislabelled of {total:,}, at most {self.max_share:.0%} may be; "
                f"the first: {faults[0]}"
            ) from faults[0]


POLICY = FaultPolicy()
"""The one policy of all loaders."""
