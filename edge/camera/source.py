"""The one interface of everything that delivers frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from edge.values import Frame


class Source(ABC):
    """Frames of one camera, stream, file or scene.

    One thread at a time opens, reads and closes a source; only :meth:`interrupt` may come from another.
    Time and number of a frame start anew, at 0, whenever the source is opened.
    """

    name: str
    """What the logs call it, without secrets: ``v4l2:/dev/video0``."""

    live: bool
    """True: frames come at their own pace, and the newest wins.  False: every frame is delivered, then it ends."""

    @property
    def is_incomplete(self) -> bool:
        """Whether a file or folder has ended without frames that it should have had: cut off, or damaged in part."""
        return False

    @abstractmethod
    def open(self) -> None:
        """Get ready to deliver.

        Raises
        ------
        CameraError
            a camera or stream that cannot be opened; nothing stays open then
        InputError
            a file or folder that is missing, unreadable or damaged
        """

    @abstractmethod
    def read(self) -> Frame | None:
        """Wait for the next frame; None at the end of a source that has one.

        Raises
        ------
        CameraLostError
            the camera vanished or fell silent
        SourceClosedError
            the source is not open
        """

    @abstractmethod
    def close(self) -> None:
        """Release everything; harmless on a closed source."""

    def interrupt(self) -> None:  # noqa: B027  most sources never wait for long
        """Ask a :meth:`read` that waits in another thread to return soon, with None."""

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the end."""
        while (frame := self.read()) is not None:
            yield frame

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WrappedSource(Source):
    """A source that changes what another delivers; by default it changes nothing."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name = source.name
        self.live = source.live

    @property
    def is_incomplete(self) -> bool:
        return self._source.is_incomplete

    def open(self) -> None:
        self._source.open()

    def read(self) -> Frame | None:
        return self._source.read()

    def close(self) -> None:
        self._source.close()

    def interrupt(self) -> None:
        self._source.interrupt()
