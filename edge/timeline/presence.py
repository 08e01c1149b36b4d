"""Presence: whether any face is in view."""

from __future__ import annotations

from edge.timeline.hold import Hold, Streak
from edge.timeline.settings import FaceSettings
from edge.values import Event, EventState


class Presence:
    """Turns the number of faces into ``face`` events: started when the first appears, ended when the last is gone."""

    def __init__(self, settings: FaceSettings) -> None:
        self._streak: Streak[bool] = Streak(settings.max_gap_seconds)
        self._hold = Hold(settings.appear_seconds, settings.vanish_seconds)

    @property
    def is_present(self) -> bool:
        return self._hold.is_on

    def update(self, t: float, faces: int) -> list[Event]:
        """What changes at ``t`` with so many faces found; a frame that misses them is like not looking."""
        since = self._streak.see(t, True) if faces else None
        change = self._hold.update(t, since)
        return [self._event(t, change, faces)] if change else []

    def end(self, t: float) -> list[Event]:
        change = self._hold.end(t)
        return [self._event(t, change, 0)] if change else []

    def _event(self, t: float, change: EventState, faces: int) -> Event:
        return Event(t, "face", change, {"faces": faces, "seen_seconds": self._hold.held_seconds})
