"""Closures: how long the eyes have been closed, across misreadings and short losses."""

from __future__ import annotations

from dataclasses import dataclass

from edge.timeline.durations import reached
from edge.timeline.states import EyeState


@dataclass(frozen=True, slots=True)
class Closure:
    """A closure that is over.

    ``seconds`` is the time in which the eyes were seen closed; ``whole`` says whether both its edges were seen, so
    that ``seconds`` is its length and not only the least that it can be.
    """

    seconds: float
    whole: bool


class ClosureTracker:
    """Follows one closure at a time through the intervals between frames.

    Only time in which the eyes are seen closed counts.  An opening shorter than ``min_opening_seconds`` (no lid moves
    so fast; the classifier erred) and eyes unseen for up to ``max_bridge_seconds`` (a head that nods, a missed face)
    interrupt a closure without ending it, and add nothing to it.  Anything longer ends it.
    """

    def __init__(self, min_opening_seconds: float, max_bridge_seconds: float) -> None:
        self._min_opening = min_opening_seconds
        self._max_bridge = max_bridge_seconds
        self._last = EyeState.UNSEEN
        self._clear()

    @property
    def seconds(self) -> float:
        """Time closed in the closure that is going on, 0 when none is."""
        return self._seconds

    def advance(self, seconds: float, eyes: EyeState) -> Closure | None:
        """The eyes were in one state for so long; the closure that this ends, if it ends one."""
        over = None
        if eyes is EyeState.CLOSED:
            self._add_closed(seconds)
        elif self._seconds > 0:
            over = self._interrupt(seconds, eyes)
        self._last = eyes
        return over

    def stop(self) -> None:
        """The closure ends without being seen to: what follows is another person, or after the camera was lost."""
        self._last = EyeState.UNSEEN
        self._clear()

    def _add_closed(self, seconds: float) -> None:
        if self._seconds == 0:
            self._whole = self._last is EyeState.OPEN
        self._seconds += seconds
        self._open_seconds = 0.0
        self._unseen_seconds = 0.0

    def _interrupt(self, seconds: float, eyes: EyeState) -> Closure | None:
        if eyes is EyeState.OPEN:
            self._open_seconds += seconds
        else:
            self._unseen_seconds += seconds
            self._whole = False
        is_opening = reached(self._open_seconds, self._min_opening)
        is_bridged = reached(self._max_bridge, self._unseen_seconds)
        return self._end() if is_opening or not is_bridged else None

    def _end(self) -> Closure:
        closure = Closure(self._seconds, self._whole)
        self._clear()
        return closure

    def _clear(self) -> None:
        self._seconds = 0.0
        self._whole = False
        self._open_seconds = 0.0
        self._unseen_seconds = 0.0
