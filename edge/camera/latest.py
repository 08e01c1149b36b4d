"""The newest frame, however slow its reader is."""

from __future__ import annotations

import logging
import threading

from edge.camera.source import Source
from edge.errors import CameraError
from edge.values import Frame

log = logging.getLogger(__name__)


class LatestFrames:
    """Reads an open ``source`` in a thread of its own into one slot, where a new frame replaces one not yet taken.

    Use it for live sources: latency stays at one frame and memory at one image.  The thread closes the source at the
    end, because only the thread that reads may.
    """

    def __init__(self, source: Source) -> None:
        self.dropped = 0
        self._source = source
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._error: Exception | None = None
        self._finished = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"frames of {source.name}", daemon=True)

    def start(self) -> None:
        """Start to read."""
        self._thread.start()

    def read(self, timeout_seconds: float) -> Frame | None:
        """The newest frame that was not read yet; None when none came in time, or the source ended.

        Raises
        ------
        VigilError
            what the source raised, once, after its last frame
        """
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._finished, timeout_seconds)
            frame, self._frame = self._frame, None
            if frame is not None:
                return frame
            error, self._error = self._error, None
        if error is not None:
            raise error
        return None

    @property
    def ended(self) -> bool:
        """No frame and no error will ever come again."""
        with self._changed:
            return self._finished and self._frame is None and self._error is None

    def stop(self, deadline_seconds: float = 2.0) -> tuple[str, ...]:
        """Stop reading and wait for the thread; the names of what did not stop in time, normally none."""
        self._stopping.set()
        self._source.interrupt()
        if self._thread.ident is not None:
            self._thread.join(deadline_seconds)
        if not self._thread.is_alive():
            return ()
        log.error("%s did not stop within %g s", self._thread.name, deadline_seconds)
        return (self._thread.name,)

    def _run(self) -> None:
        error: Exception | None = None
        try:
            self._read_until_stopped()
        except Exception as fault:  # handed to the reader, whatever it is
            error = fault
        finally:
            self._close_source()
            with self._changed:
                self._error = error
                self._finished = True
                self._changed.notify_all()

    def _read_until_stopped(self) -> None:
        while not self._stopping.is_set():
            frame = self._source.read()
            if frame is None:
                return
            with self._changed:
                self.dropped += self._frame is not None
                self._frame = frame
                self._changed.notify_all()

    def _close_source(self) -> None:
        try:
            self._source.close()
        except CameraError as error:
            log.warning("%s", error)
