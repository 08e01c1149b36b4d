"""Playing a file at its own speed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from edge.camera.source import Source, WrappedSource
from edge.values import Frame


class Paced(WrappedSource):
    """Delivers each frame of ``source`` at its time, as a camera would, so the newest wins from here on.

    A frame that is already late is delivered at once.
    """

    def __init__(self, source: Source, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(source)
        self.live = True
        self._monotonic = monotonic
        self._interrupted = threading.Event()
        self._wait = self._interrupted.wait
        self._start: float | None = None

    def open(self) -> None:
        super().open()
        self._start = None
        self._interrupted.clear()

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is None:
            return None
        now = self._monotonic()
        if self._start is None:
            self._start = now - frame.t
        early = self._start + frame.t - now
        if early > 0 and self._wait(early):
            return None
        return frame

    def interrupt(self) -> None:
        self._interrupted.set()
        super().interrupt()
