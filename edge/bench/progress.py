"""How far a benchmark is: one line on standard error, where that is a terminal."""

from __future__ import annotations

import sys
import time
from typing import TextIO

WIDTH = 30
PAUSE_SECONDS = 0.1
"""The line is written no more often, so that it costs nothing."""


class Progress:
    """A bar that is drawn anew in place."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()
        self._next = 0.0

    def tell(self, what: str, share: float) -> None:
        """``what`` is done by ``share``, 0 to 1."""
        now = time.monotonic()
        if not self._shown or now < self._next:
            return
        self._next = now + PAUSE_SECONDS
        full = round(min(share, 1.0) * WIDTH)
        self._write(f"{what:<20} [{'#' * full}{'.' * (WIDTH - full)}] {min(share, 1.0):4.0%}")

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._write("")

    def _write(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()
