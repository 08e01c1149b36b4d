"""Emotions: what the main face shows for a while."""

from __future__ import annotations

from edge.timeline.durations import reached
from edge.timeline.labels import LabelReader, Shown
from edge.timeline.settings import EmotionSettings
from edge.values import Event, EventState, FaceObservation


class Emotions:
    """Turns the main face's emotion into ``emotion.<label>`` events, at most one at a time.

    A new emotion ends the old one at the moment it starts; an emotion that is neither seen nor replaced ends
    ``release_seconds`` after it was last seen, and at once when another person becomes the main one.
    """

    def __init__(self, settings: EmotionSettings) -> None:
        self._settings = settings
        self._reader = LabelReader(settings)
        self._person = 0
        self._current: Shown | None = None
        self._started = 0.0
        self._seen = 0.0

    @property
    def current(self) -> str | None:
        """The emotion that has started and not ended."""
        return self._current.label if self._current else None

    def update(self, t: float, face: FaceObservation | None, person: int) -> list[Event]:
        """What changes at ``t``; ``person`` differs from the last call's when the main face is another person's."""
        if not self._settings.enabled:
            return []
        events = []
        if person != self._person:
            self._person = person
            events += self.end(t)
        shown = self._reader.read(t, face.emotion.probabilities) if face and face.emotion else None
        if self._current and reached(t - self._seen, self._settings.release_seconds):
            events += self._end_current(t)
        if self._current and shown and shown.label == self._current.label:
            self._current, self._seen = shown, t
        elif shown and reached(t - shown.since, self._settings.hold_seconds):
            events += self._end_current(t)
            events.append(self._start(t, shown))
        return events

    def end(self, t: float) -> list[Event]:
        """End the emotion at once and forget what was read."""
        self._reader = LabelReader(self._settings)
        return self._end_current(t)

    def _start(self, t: float, shown: Shown) -> Event:
        self._current, self._started, self._seen = shown, shown.since, t
        return self._event(t, shown, EventState.STARTED)

    def _end_current(self, t: float) -> list[Event]:
        if self._current is None:
            return []
        ended = self._event(t, self._current, EventState.ENDED)
        self._current = None
        return [ended]

    def _event(self, t: float, shown: Shown, state: EventState) -> Event:
        details = {"probability": shown.probability, "held_seconds": self._seen - self._started}
        return Event(t, f"emotion.{shown.label}", state, details)
