"""Playing a file or folder for ever."""

from __future__ import annotations

from edge.camera.source import Source, WrappedSource
from edge.camera.times import Continuity
from edge.values import Frame


class Looping(WrappedSource):
    """Opens ``source`` again at its end; time and numbering run on, one frame's interval later.

    A source without a single frame ends.
    """

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._continuity = Continuity()
        self._interval = 0.0

    def open(self) -> None:
        super().open()
        self._continuity = Continuity()

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is None:
            self._continuity.resume(self._continuity.last_t + self._interval)
            super().open()
            frame = super().read()
        if frame is None:
            return None
        before = self._continuity.last_t
        frame = self._continuity.follow(frame)
        self._interval = frame.t - before or self._interval
        return frame
