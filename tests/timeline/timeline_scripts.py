"""Made-up observations at made-up times."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

from edge.timeline import Timeline, TimelineSettings
from edge.values import Box, Classification, Event, EventState, Eyes, Face, FaceObservation, Hand, HandObservation
from edge.values import Observation as Observation

OPEN = Eyes(0.95, 0.95)
CLOSED = Eyes(0.05, 0.05)
UNSEEN = None

BOX = Box(100, 100, 200, 200)
_LANDMARKS = ((130, 140), (170, 140), (150, 160), (135, 180), (165, 180))

Segment = tuple[float, Eyes | None]
"""For so many seconds, these eyes."""


def grid(seconds: float, fps: float, start: float = 0.0) -> list[float]:
    """Times of a steady camera, ``start`` included and ``start + seconds`` not."""
    return [start + i / fps for i in range(round(seconds * fps))]


def jittered(seconds: float, fps: float, seed: int = 1) -> list[float]:
    """Times of a camera whose frames come up to 30 % of an interval early or late."""
    rng = random.Random(seed)
    return [max(0.0, t + rng.uniform(-0.3, 0.3) / fps) for t in grid(seconds, fps)]


def face(
    eyes: Eyes | None = OPEN, *, track: int = 1, box: Box = BOX, emotion: Mapping[str, float] | None = None
) -> FaceObservation:
    return FaceObservation(Face(box, 0.99, _LANDMARKS), track, emotion=classified(emotion), eyes=eyes)


def hand(gesture: Mapping[str, float] | None, track: int = 7) -> HandObservation:
    return HandObservation(Hand(BOX, 0.99), track, classified(gesture))


def classified(probabilities: Mapping[str, float] | None) -> Classification | None:
    if probabilities is None:
        return None
    return Classification(max(probabilities, key=lambda label: probabilities[label]), probabilities)


def eyes_at(t: float, script: Sequence[Segment]) -> Eyes | None:
    """What the script says at ``t``; its last segment goes on for ever."""
    for seconds, eyes in script:
        if t < seconds - 1e-9:
            return eyes
        t -= seconds
    return script[-1][1]


def watch_eyes(
    script: Sequence[Segment], times: Iterable[float], timeline: Timeline | None = None
) -> tuple[list[Event], Timeline]:
    """The drowsiness events of one face whose eyes follow ``script``."""
    timeline = timeline or Timeline()
    events: list[Event] = []
    for t in times:
        events += timeline.update(Observation(t, faces=(face(eyes_at(t, script)),)))
    return [event for event in events if event.name.startswith("drowsiness.")], timeline


def started(events: Iterable[Event]) -> list[tuple[str, float]]:
    """Names (without the part before the dot) and times of what started."""
    return [(_short(event), event.t) for event in events if event.state is EventState.STARTED]


def told(events: Iterable[Event]) -> list[tuple[float, str, str]]:
    """``(t, name, state)`` of each event, times to the millisecond."""
    return [(round(event.t, 3), event.name, event.state.value) for event in events]


def states(events: Iterable[Event]) -> list[str]:
    return [name for name, _ in started(events)]


def settings(**tables: Mapping[str, object]) -> TimelineSettings:
    return TimelineSettings.model_validate(tables)


def _short(event: Event) -> str:
    return event.name.partition(".")[2]
