"""The timeline: observations in, events out, by the observations' own time."""

from __future__ import annotations

import math
from itertools import chain

from edge.timeline.drowsiness import Drowsiness
from edge.timeline.emotions import Emotions
from edge.timeline.errors import TimelineError
from edge.timeline.gestures import Gestures
from edge.timeline.mainface import MainFace
from edge.timeline.presence import Presence
from edge.timeline.settings import TimelineSettings
from edge.timeline.status import TimelineStatus
from edge.values import Event, Eyes, FaceObservation, Observation


class Timeline:
    """Turns one source's observations into events.

    It has no clock: the same observations give the same events, whenever and however fast they come.  Time only goes
    forward: an observation that is not later than everything before it (a repeated frame, a clock set back) is
    ignored and counted; ``lost`` and ``finish`` with such a time take effect at the last time known.  Memory is
    bounded by three minutes of intervals, whatever the length of the run.

    Events that come together are in this order: faces, emotions, gestures, drowsiness, each kind's ends first.
    """

    def __init__(self, settings: TimelineSettings | None = None) -> None:
        settings = settings or TimelineSettings()
        self._main_face = MainFace(settings.face.handover_seconds)
        self._presence = Presence(settings.face)
        self._emotions = Emotions(settings.emotion)
        self._gestures = Gestures(settings.gesture)
        self._drowsiness = Drowsiness(settings.drowsiness)
        self._main_track: int | None = None
        self._t: float | None = None
        self._ignored = 0

    def update(self, observation: Observation) -> tuple[Event, ...]:
        """The events that ``observation`` brings about, in order.

        Raises:
            TimelineError: The observation's time is not a finite number.
        """
        t = _checked(observation.t)
        if self._t is not None and t <= self._t:
            self._ignored += 1
            return ()
        self._t = t
        face = self._main_face.pick(t, observation.faces, keep=self._drowsiness.is_urgent)
        self._main_track = face.track if face else None
        person = self._main_face.person
        return tuple(
            chain(
                self._presence.update(t, len(observation.faces)),
                self._emotions.update(t, face, person),
                self._gestures.update(t, observation.hands),
                self._drowsiness.update(t, _eyes(face), person),
            )
        )

    def lost(self, t: float) -> tuple[Event, ...]:
        """The camera is lost at ``t``: what was seen ends, and drowsiness can't be judged. Observations may follow.

        Raises:
            TimelineError: ``t`` is not a finite number.
        """
        t = self._advance(t)
        return (*self._end_what_was_seen(t), *self._drowsiness.lost(t))

    def finish(self, t: float) -> tuple[Event, ...]:
        """The run ends at ``t``: everything that has started ends.

        Raises:
            TimelineError: ``t`` is not a finite number.
        """
        t = self._advance(t)
        return (*self._end_what_was_seen(t), *self._drowsiness.end(t))

    def snapshot(self) -> TimelineStatus:
        """What holds now, as of the last observation."""
        return TimelineStatus(
            t=self._t,
            face=self._presence.is_present,
            main_track=self._main_track,
            gestures=self._gestures.active,
            emotion=self._emotions.current,
            drowsiness=self._drowsiness.status(),
            ignored_observations=self._ignored,
        )

    def _advance(self, t: float) -> float:
        checked = _checked(t)
        self._t = checked if self._t is None else max(checked, self._t)
        return self._t

    def _end_what_was_seen(self, t: float) -> tuple[Event, ...]:
        self._main_face.forget()
        self._main_track = None
        return (*self._presence.end(t), *self._emotions.end(t), *self._gestures.end(t))


def _eyes(face: FaceObservation | None) -> Eyes | None:
    """The eyes of a face that is in view, whether they were read or not; ``None`` where there is no face."""
    return (face.eyes or Eyes(None, None)) if face else None


def _checked(t: float) -> float:
    if not math.isfinite(t):
        raise TimelineError(
            f"timeline: an observation's time must be a finite number of seconds, received {t}; "
            f"check the source's timestamps"
        )
    return t
