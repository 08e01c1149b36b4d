"""Where the loop takes its frames from: every frame of a recording, or the newest of a camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from edge.camera import LatestFrames, Source
from edge.values import Frame

EARLY = 0.75
"""A frame that comes after so much of the interval still counts: else frame times that jitter halve the rate."""


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


class WrappedFeed:
    """Another feed, whose frames a subclass changes or chooses from."""

    def __init__(self, feed: FrameFeed) -> None:
        self._feed = feed

    def next_frame(self, timeout_seconds: float) -> Frame | None:
        return self._feed.next_frame(timeout_seconds)

    @property
    def ended(self) -> bool:
        return self._feed.ended

    @property
    def is_incomplete(self) -> bool:
        return self._feed.is_incomplete

    def close(self) -> None:
        self._feed.close()


class LaterFeed(WrappedFeed):
    """The frames of a feed, each ``seconds`` later: the clock of a run goes on when its camera is exchanged."""

    def __init__(self, feed: FrameFeed, seconds: float) -> None:
        super().__init__(feed)
        self._seconds = seconds

    def next_frame(self, timeout_seconds: float) -> Frame | None:
        frame = super().next_frame(timeout_seconds)
        return frame and replace(frame, t=frame.t + self._seconds)


class LimitedFeed(WrappedFeed):
    """A feed without the frames that come sooner after the one before than ``most_hz()`` allows."""

    def __init__(self, feed: FrameFeed, most_hz: Callable[[], float]) -> None:
        super().__init__(feed)
        self._most_hz = most_hz
        self._t = float("-inf")

    def next_frame(self, timeout_seconds: float) -> Frame | None:
        while (frame := super().next_frame(timeout_seconds)) is not None:
            if not 0 <= frame.t - self._t < EARLY / self._most_hz():
                self._t = frame.t
                return frame
        return None
