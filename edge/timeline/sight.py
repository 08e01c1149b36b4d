"""For how long the eyes have been open, and for how long unseen."""

from __future__ import annotations

from edge.timeline.durations import reached
from edge.timeline.states import EyeState


class Sight:
    """Follows steady openness and loss of the eyes through the intervals between frames.

    A glimpse shorter than ``steady_seconds`` ends no loss: sunglasses let an eye through now and then.
    """

    def __init__(self, t: float, steady_seconds: float) -> None:
        self._steady = steady_seconds
        self._steady_at = t
        self._now = t
        self._seen_seconds = 0.0
        self._open_seconds = 0.0

    def advance(self, start: float, end: float, between: EyeState, eyes: EyeState) -> None:
        """The eyes were in the state ``between`` the frames at ``start`` and ``end``, and are ``eyes`` at the end."""
        seconds = end - start
        self._now = end
        self._seen_seconds = 0.0 if between is EyeState.UNSEEN else self._seen_seconds + seconds
        still_open = between is EyeState.OPEN and eyes is EyeState.OPEN
        self._open_seconds = self._open_seconds + seconds if still_open else 0.0
        if reached(self._seen_seconds, self._steady):
            self._steady_at = end

    @property
    def is_lost(self) -> bool:
        """Whether the eyes were unseen in the last interval."""
        return self._seen_seconds == 0

    @property
    def is_open(self) -> bool:
        """Whether the eyes have been open for a while."""
        return reached(self._open_seconds, self._steady)

    @property
    def unseen_seconds(self) -> float:
        """Time since the eyes were last steadily seen."""
        return self._now - self._steady_at
