"""Gestures: what a hand shows, once it is held."""

from __future__ import annotations

from dataclasses import dataclass

from edge.timeline.hold import Hold
from edge.timeline.labels import LabelReader, Shown
from edge.timeline.settings import GestureSettings
from edge.values import Event, EventState, HandObservation

NO_GESTURE = "none"
"""The label of a hand that makes no gesture; it never makes an event."""


@dataclass(slots=True)
class _Hand:
    reader: LabelReader
    seen: float


@dataclass(frozen=True, slots=True)
class _ShownByHand:
    shown: Shown
    track: int


@dataclass(slots=True)
class _Gesture:
    hold: Hold
    last: _ShownByHand


class Gestures:
    """Turns hands' gestures into ``gesture.<label>`` events.

    Each hand must hold a gesture by itself, so two hands, or one that flickers between labels, don't add up; the
    same gesture of several hands is one event, on as long as one of them shows it.
    """

    def __init__(self, settings: GestureSettings) -> None:
        self._settings = settings
        self._hands: dict[int, _Hand] = {}
        self._gestures: dict[str, _Gesture] = {}

    def update(self, t: float, hands: tuple[HandObservation, ...]) -> list[Event]:
        """The gestures that end, then those that start, at ``t``."""
        shown = self._read(t, hands)
        self._forget_hands(t)
        for label, by_hand in shown.items():
            self._note(label, by_hand)
        ended, started = [], []
        for label in sorted(self._gestures):
            gesture = self._gestures[label]
            change = gesture.hold.update(t, shown[label].shown.since if label in shown else None)
            if change is EventState.ENDED:
                ended.append(_event(t, label, change, gesture))
            elif change is EventState.STARTED:
                started.append(_event(t, label, change, gesture))
        return ended + started

    def end(self, t: float) -> list[Event]:
        """End every gesture at once."""
        self._hands.clear()
        ended = []
        for label in sorted(self._gestures):
            gesture = self._gestures[label]
            if gesture.hold.end(t):
                ended.append(_event(t, label, EventState.ENDED, gesture))
        return ended

    @property
    def active(self) -> tuple[str, ...]:
        """The labels of the gestures that have started and not ended."""
        return tuple(label for label in sorted(self._gestures) if self._gestures[label].hold.is_on)

    def _read(self, t: float, hands: tuple[HandObservation, ...]) -> dict[str, _ShownByHand]:
        """The gestures shown at ``t``, each by the hand that has shown it longest."""
        longest: dict[str, _ShownByHand] = {}
        for observed in hands:
            shown = self._read_hand(t, observed)
            if shown is None or shown.label == NO_GESTURE:
                continue
            if shown.label not in longest or shown.since < longest[shown.label].shown.since:
                longest[shown.label] = _ShownByHand(shown, observed.track)
        return longest

    def _read_hand(self, t: float, observed: HandObservation) -> Shown | None:
        if observed.gesture is None:
            return None
        hand = self._hands.setdefault(observed.track, _Hand(LabelReader(self._settings), t))
        hand.seen = t
        return hand.reader.read(t, observed.gesture.probabilities)

    def _forget_hands(self, t: float) -> None:
        limit = self._settings.max_gap_seconds
        self._hands = {track: hand for track, hand in self._hands.items() if t - hand.seen <= limit}

    def _note(self, label: str, by_hand: _ShownByHand) -> None:
        if label in self._gestures:
            self._gestures[label].last = by_hand
        else:
            times = self._settings
            hold = Hold(times.hold_seconds, times.release_seconds, times.refractory_seconds)
            self._gestures[label] = _Gesture(hold, by_hand)


def _event(t: float, label: str, state: EventState, gesture: _Gesture) -> Event:
    details = {
        "probability": gesture.last.shown.probability,
        "track": gesture.last.track,
        "held_seconds": gesture.hold.held_seconds,
    }
    return Event(t, f"gesture.{label}", state, details)
