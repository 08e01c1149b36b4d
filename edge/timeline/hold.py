"""When something that is shown has started, and when it has ended: hold, release and refractory times."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from edge.timeline.durations import reached
from edge.values import EventState

T = TypeVar("T", bound=Hashable)


class Streak(Generic[T]):
    """Since when one value has been seen without another in between.

    Not looking is no other value: a streak outlives ``max_gap_seconds`` without a look, but no more.
    """

    def __init__(self, max_gap_seconds: float) -> None:
        self._max_gap = max_gap_seconds
        self._value: T | None = None
        self._since = 0.0
        self._seen = 0.0

    def see(self, t: float, value: T | None) -> float | None:
        """Note what is seen at ``t`` (``None``: nothing worth the name), and say since when; ``None`` for nothing."""
        if value != self._value or not reached(self._max_gap, t - self._seen):
            self._since = t
        self._value, self._seen = value, t
        return None if value is None else self._since

    @property
    def value(self) -> T | None:
        """What was seen last."""
        return self._value


class Hold:
    """Off → held for ``hold_seconds`` → on → gone for ``release_seconds`` → off → refractory → off.

    What nobody looked at for ``release_seconds`` is gone too, even if it is seen again then.  Within
    ``refractory_seconds`` of an end it can't start again; something still shown at the end of that time starts then.
    """

    def __init__(self, hold_seconds: float, release_seconds: float, refractory_seconds: float = 0.0) -> None:
        self._hold = hold_seconds
        self._release = release_seconds
        self._refractory = refractory_seconds
        self._on = False
        self._since = 0.0
        self._seen = 0.0
        self._ended: float | None = None

    def update(self, t: float, since: float | None) -> EventState | None:
        """What changes at ``t`` where something is seen that has been shown ``since`` then; ``None`` for nothing."""
        if self._on:
            return self._update_on(t, since)
        if since is None or not reached(t - since, self._hold):
            return None
        if self._ended is not None and not reached(t - self._ended, self._refractory):
            return None
        self._on, self._since, self._seen = True, since, t
        return EventState.STARTED

    def _update_on(self, t: float, since: float | None) -> EventState | None:
        if reached(t - self._seen, self._release):
            return self.end(t)
        if since is not None:
            self._seen = t
        return None

    def end(self, t: float) -> EventState | None:
        """End at once what is on."""
        if not self._on:
            return None
        self._on, self._ended = False, t
        return EventState.ENDED

    @property
    def is_on(self) -> bool:
        return self._on

    @property
    def held_seconds(self) -> float:
        """How long it has been shown, up to the last time it was seen."""
        return self._seen - self._since
