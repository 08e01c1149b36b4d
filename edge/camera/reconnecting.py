"""Getting a lost camera back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edge.camera.errors import CameraLostError, CameraSpentError
from edge.camera.source import Source, WrappedSource
from edge.camera.times import Continuity
from edge.errors import CameraError
from edge.values import Frame

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait between tries to reopen a camera.

    >>> from itertools import islice
    >>> list(islice(Backoff(first_seconds=1, max_seconds=5).waits(), 5))
    [1, 2, 4, 5, 5]
    """

    first_seconds: float = 0.5
    max_seconds: float = 10.0
    give_up_seconds: float | None = None
    """After how long without a frame the camera counts as gone for good; None: never."""

    def waits(self) -> Iterator[float]:
        """Seconds to wait before each try: doubling, up to the longest."""
        wait = self.first_seconds
        while True:
            yield min(wait, self.max_seconds)
            wait = min(wait * 2, self.max_seconds)


def ignore(_: object) -> None:
    """Nobody wants to know."""


class Reconnecting(WrappedSource):
    """Reopens ``source`` when it is lost; time and numbering run on across the gap.

    ``on_lost`` gets the reason as soon as frames stop; ``on_recovered`` gets the seconds without frames as soon as
    the first new one is there.  Both are called in the reading thread.  The first :meth:`open` doesn't retry: a camera
    that can't be opened at all is an error of the set-up.

    ``wait`` (seconds) returns True when interrupted, like ``threading.Event.wait``.
    """

    def __init__(
        self,
        source: Source,
        backoff: Backoff,
        *,
        on_lost: Callable[[str], None] = ignore,
        on_recovered: Callable[[float], None] = ignore,
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        super().__init__(source)
        self._backoff = backoff
        self._on_lost = on_lost
        self._on_recovered = on_recovered
        self._monotonic = monotonic
        self._interrupted = threading.Event()
        self._wait = wait or self._interrupted.wait
        self._continuity = Continuity()
        self._last_arrival = monotonic()

    def open(self) -> None:
        super().open()
        self._continuity = Continuity()
        self._interrupted.clear()

    def read(self) -> Frame | None:
        """The next frame; None at the end or when interrupted.

        Raises
        ------
        CameraLostError
            the camera did not come back in time, or must not be opened again in this process
        """
        try:
            frame = super().read()
        except CameraLostError as error:
            log.warning("%s", error)
            self._on_lost(str(error))
            frame = self._recover()
        if frame is None:
            return None
        self._last_arrival = self._monotonic()
        return self._continuity.follow(frame)

    def _recover(self) -> Frame | None:
        """The first frame after the loss, or None when interrupted."""
        lost_at = self._last_arrival
        for wait in self._backoff.waits():
            self._give_up_if_absent_too_long(self._monotonic() - lost_at)
            if self._wait(wait):
                return None
            frame = self._try_again(wait)
            if frame is not None:
                absent = self._monotonic() - lost_at
                log.info("%s: back after %.1f s", self.name, absent)
                self._continuity.resume(self._continuity.last_t + absent)
                self._on_recovered(absent)
                return frame
        return None

    def _try_again(self, waited: float) -> Frame | None:
        super().close()
        try:
            super().open()
            return super().read()
        except CameraSpentError as error:
            raise CameraLostError(str(error)) from error
        except CameraError as error:
            log.info("after %g s still lost: %s", waited, error)
            return None

    def _give_up_if_absent_too_long(self, absent: float) -> None:
        limit = self._backoff.give_up_seconds
        if limit is not None and absent >= limit:
            raise CameraLostError(
                f"{self.name}: lost for {absent:.0f} s, and the limit (reconnect_give_up_seconds) is {limit:g} s. "
                "Check the cable and power, then start the program again"
            )

    def interrupt(self) -> None:
        self._interrupted.set()
        super().interrupt()
