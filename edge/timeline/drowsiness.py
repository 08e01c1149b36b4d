"""Drowsiness: long closures, PERCLOS, and the honest "cannot judge".

Between two frames the eyes count as what they were in the first, provided that they were seen in both, that the
frames are close enough together, and that the frame rate is high enough to see closures; else they count as unseen.
So a closure lasts from the first closed frame to the first open one: no longer than one frame interval off either way,
and right on average.  An alarm additionally needs the eyes closed *now*, so it never comes before its time.

A long closure's state stays until the eyes have been open for a while.  Eyes that vanish instead (the head drops) don't
end it, and don't make it worse: unseen is never closed.  After ten seconds the state is *cannot judge*.
"""

from __future__ import annotations

from typing import Any

from edge.timeline.blinks import Blinks
from edge.timeline.closures import Closure, ClosureTracker
from edge.timeline.durations import reached
from edge.timeline.eyelids import Eyelids
from edge.timeline.fatigue import Fatigue
from edge.timeline.perclos import Perclos
from edge.timeline.rate import FrameRate
from edge.timeline.settings import DrowsinessSettings
from edge.timeline.sight import Sight
from edge.timeline.states import URGENT, DrowsinessState, EyeState, Unjudged
from edge.timeline.status import DrowsinessStatus, Measure, Withheld
from edge.values import Event, EventState, Eyes

_BY_FATIGUE = (DrowsinessState.AWAKE, DrowsinessState.ADVISORY, DrowsinessState.DROWSY)


class Drowsiness:
    """Turns the main face's eyes into ``drowsiness.<state>`` events, one state at a time.

    No state holds before the first has been judged: eyes open for a while (or closed for long, or unseen for long).
    """

    def __init__(self, settings: DrowsinessSettings) -> None:
        self._settings = settings
        self._eyelids = Eyelids(settings.closed_below, settings.open_above)
        self._rate = FrameRate(settings.max_frame_gap_seconds)
        self._closures = ClosureTracker(settings.min_opening_seconds, settings.max_bridge_seconds)
        self._perclos = Perclos(settings.blink_seconds, settings.min_valid_share)
        self._blinks = Blinks(settings.min_valid_share)
        self._fatigue = Fatigue(settings)
        self._sight: Sight | None = None
        self._person = 0
        self._t = 0.0
        self._eyes = EyeState.UNSEEN
        self._has_face = False
        self._state: DrowsinessState | None = None
        self._state_since = 0.0

    @property
    def is_urgent(self) -> bool:
        """Whether the driver's last known state is a long closure."""
        return self._state in URGENT

    def update(self, t: float, eyes: Eyes | None, person: int) -> list[Event]:
        """What changes at ``t``; ``eyes`` are the main face's, ``None`` when it is not in view.

        ``person`` differs from the last call's when the main face is another person's.
        """
        if not self._settings.enabled:
            return []
        if person != self._person:
            self._person = person
            self._break_off()
        self._has_face = eyes is not None
        state = self._eyelids.look(eyes)
        if self._sight is None:
            self._t = t
            self._sight = Sight(t, self._settings.recovery_seconds)
        else:
            self._advance(self._sight, t, state)
        self._eyes = state
        return self._enter(t, self._judge(self._sight))

    def lost(self, t: float) -> list[Event]:
        """The camera is lost: nothing can be judged until it is back."""
        if not self._settings.enabled:
            return []
        self._stop_watching(t)
        return self._enter(t, DrowsinessState.CANNOT_JUDGE, Unjudged.CAMERA_LOST)

    def end(self, t: float) -> list[Event]:
        """End the state: the run is over."""
        self._stop_watching(t)
        return self._leave(t)

    def status(self) -> DrowsinessStatus:
        """The state and its measures as of the last update."""
        t, withheld = self._t, self._withheld()
        blinks_withheld = Measure.BLINKS in withheld
        return DrowsinessStatus(
            state=self._state,
            eyes=self._eyes,
            closure_seconds=None if Measure.CLOSURES in withheld else self._closures.seconds,
            unseen_seconds=self._sight.unseen_seconds if self._sight else 0.0,
            perclos_60s=self._perclos_60s(),
            perclos_180s=self._perclos_180s(),
            valid_60s_seconds=self._perclos.valid_seconds(t),
            blinks=self._blinks.count,
            blinks_per_minute=None if blinks_withheld else self._blinks.per_minute(t),
            blink_seconds=None if blinks_withheld else self._blinks.mean_seconds(t),
            fps=self._rate.fps,
            withheld=withheld,
        )

    def _break_off(self) -> None:
        """What was seen last has nothing to do with what is seen next; the sums over windows stay."""
        self._eyelids.forget()
        self._closures.stop()
        self._perclos.follow_closure(0.0)
        self._eyes = EyeState.UNSEEN

    def _stop_watching(self, t: float) -> None:
        self._break_off()
        self._rate.forget()
        self._sight = None
        self._t = t

    def _advance(self, sight: Sight, t: float, eyes: EyeState) -> None:
        start, self._t = self._t, t
        self._rate.advance(t - start)
        between = self._between(t - start, eyes)
        sight.advance(start, t, between, eyes)
        over = self._closures.advance(t - start, between)
        self._measure_perclos(start, t, between)
        self._measure_blinks(start, t, between, over)
        if between is not EyeState.UNSEEN:
            self._fatigue.update(t, self._perclos_60s(), self._perclos_180s())

    def _between(self, seconds: float, eyes: EyeState) -> EyeState:
        """What the eyes count as in the interval from the last frame to this one."""
        was_watched = seconds <= self._settings.max_frame_gap_seconds
        fast_enough = self._rate.is_at_least(self._settings.closures_min_fps)
        if eyes is EyeState.UNSEEN or not was_watched or not fast_enough:
            return EyeState.UNSEEN
        return self._eyes

    def _measure_perclos(self, start: float, end: float, between: EyeState) -> None:
        if self._rate.is_at_least(self._settings.perclos_min_fps):
            if between is EyeState.OPEN:
                self._perclos.add_open(start, end)
            elif between is EyeState.CLOSED:
                self._perclos.add_closed(start, end)
        self._perclos.follow_closure(self._closures.seconds)

    def _measure_blinks(self, start: float, end: float, between: EyeState, over: Closure | None) -> None:
        if between is EyeState.UNSEEN or not self._rate.is_at_least(self._settings.blinks_min_fps):
            return
        self._blinks.watch(start, end)
        if over and over.whole and not reached(over.seconds, self._settings.blink_seconds):
            self._blinks.add(end, over.seconds)

    def _judge(self, sight: Sight) -> DrowsinessState | None:
        """The state that holds now."""
        alarm = self._alarm()
        if alarm and _is_more_urgent(alarm, self._state):
            return alarm
        if sight.is_lost and reached(sight.unseen_seconds, self._settings.cannot_judge_seconds):
            return DrowsinessState.CANNOT_JUDGE
        by_fatigue = self._state in _BY_FATIGUE
        return self._fatigue.level if by_fatigue or sight.is_open else self._state

    def _alarm(self) -> DrowsinessState | None:
        """The state that the closure which is going on has reached, if any."""
        if self._eyes is not EyeState.CLOSED:
            return None
        if reached(self._closures.seconds, self._settings.unresponsive_seconds):
            return DrowsinessState.UNRESPONSIVE
        if reached(self._closures.seconds, self._settings.sleep_seconds):
            return DrowsinessState.SLEEP
        if reached(self._closures.seconds, self._settings.microsleep_seconds):
            return DrowsinessState.MICROSLEEP
        return None

    def _perclos_60s(self) -> float | None:
        return self._perclos.short(self._t) if self._rate.is_at_least(self._settings.perclos_min_fps) else None

    def _perclos_180s(self) -> float | None:
        return self._perclos.long(self._t) if self._rate.is_at_least(self._settings.perclos_min_fps) else None

    def _withheld(self) -> dict[Measure, Withheld]:
        """The measures that are withheld now, and why."""
        limits = {
            Measure.CLOSURES: self._settings.closures_min_fps,
            Measure.PERCLOS_60S: self._settings.perclos_min_fps,
            Measure.PERCLOS_180S: self._settings.perclos_min_fps,
            Measure.BLINKS: self._settings.blinks_min_fps,
        }
        withheld = {measure: Withheld.FRAME_RATE for measure, fps in limits.items() if not self._rate.is_at_least(fps)}
        measures = {
            Measure.PERCLOS_60S: self._perclos.short(self._t),
            Measure.PERCLOS_180S: self._perclos.long(self._t),
            Measure.BLINKS: self._blinks.per_minute(self._t),
        }
        for measure, value in measures.items():
            if value is None:
                withheld.setdefault(measure, Withheld.VALID_TIME)
        return withheld

    def _details(self, state: DrowsinessState, reason: Unjudged | None) -> dict[str, Any]:
        details: dict[str, Any] = {
            "closure_seconds": self._closures.seconds,
            "perclos_60s": self._perclos_60s(),
            "perclos_180s": self._perclos_180s(),
            "withheld": {measure.value: why.value for measure, why in self._withheld().items()},
        }
        if state is DrowsinessState.CANNOT_JUDGE:
            details["reason"] = (reason or self._why_unseen()).value
        return details

    def _why_unseen(self) -> Unjudged:
        if not self._rate.is_at_least(self._settings.closures_min_fps):
            return Unjudged.FRAME_RATE
        return Unjudged.EYES_UNSEEN if self._has_face else Unjudged.NO_FACE

    def _enter(self, t: float, state: DrowsinessState | None, reason: Unjudged | None = None) -> list[Event]:
        if state is None or state is self._state:
            return []
        ended = self._leave(t)
        self._state, self._state_since = state, t
        return [*ended, Event(t, state.event, EventState.STARTED, self._details(state, reason))]

    def _leave(self, t: float) -> list[Event]:
        if self._state is None:
            return []
        ended = Event(t, self._state.event, EventState.ENDED, {"seconds": t - self._state_since})
        self._state = None
        return [ended]


def _is_more_urgent(alarm: DrowsinessState, state: DrowsinessState | None) -> bool:
    return state not in URGENT or URGENT.index(alarm) > URGENT.index(state)
