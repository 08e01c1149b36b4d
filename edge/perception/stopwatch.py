"""How long each stage of one frame takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

STAGES = ("faces", "hands", "emotion", "eyes", "gesture", "identity", "total")


class Stopwatch:
    """Milliseconds by stage; 0 for a stage that did not run."""

    def __init__(self) -> None:
        self.ms = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside to stage ``name``."""
        start = perf_counter()
        try:
            yield
        finally:
            self.ms[name] += (perf_counter() - start) * 1e3
