"""Where the loop takes its frames from: every frame of a recording, or the newest of a camera."""

from __future__ import annotations

from typing import Protocol

from edge.camera import LatestFrames, Source
from edge.values import Frame


class FrameFeed(Protocol):
    """Frames for the loop."""

    def next_frame(self, timeout_seconds: float) -> Frame | None:
        """The next frame, or None when none came in time.

        Raises
        ------
        VigilError
            the source is lost for good, or damaged
        """

    @property
    def ended(self) -> bool:
        """No frame will ever come again."""

    @property
    def is_incomplete(self) -> bool:
        """It has ended without frames that it should have had."""

    def close(self) -> None:
        """Release the source."""


class EveryFrame:
    """Every frame of an open source, in order, as fast as the loop takes them."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._ended = False

    def next_frame(self, timeout_seconds: float) -> Frame | None:
        frame = self._source.read()
        self._ended = frame is None
        return frame

    @property
    def ended(self) -> bool:
        return self._ended

    @property
    def is_incomplete(self) -> bool:
        return self._source.is_incomplete

    def close(self) -> None:
        self._source.close()


class NewestFrame:
    """The newest frame of an open source that delivers at its own pace; what the loop is too slow for is dropped."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._latest = LatestFrames(source)
        self._latest.start()

    def next_frame(self, timeout_seconds: float) -> Frame | None:
        return self._latest.read(timeout_seconds)

    @property
    def ended(self) -> bool:
        return self._latest.ended

    @property
    def is_incomplete(self) -> bool:
        return self._source.is_incomplete

    def close(self) -> None:
        self._latest.stop()
