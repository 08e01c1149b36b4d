"""Awake, advisory or drowsy: what PERCLOS says."""

from __future__ import annotations

from edge.timeline.durations import reached
from edge.timeline.settings import DrowsinessSettings
from edge.timeline.states import DrowsinessState


def fatigue(
    perclos_60s: float | None, perclos_180s: float | None, last: DrowsinessState, settings: DrowsinessSettings
) -> DrowsinessState | None:
    """The level by PERCLOS, ``None`` when a measure that it needs is withheld.

    The ``last`` level is left only below ``exit_ratio`` times the limit that it started at.
    """
    was_drowsy = last is DrowsinessState.DROWSY
    was_advised = last in (DrowsinessState.ADVISORY, DrowsinessState.DROWSY)
    if perclos_60s is None or (was_drowsy and perclos_180s is None):
        return None
    drowsy_ratio = settings.exit_ratio if was_drowsy else 1.0
    advisory_ratio = settings.exit_ratio if was_advised else 1.0
    if (
        perclos_180s is not None
        and perclos_60s >= settings.drowsy_perclos_60s * drowsy_ratio
        and perclos_180s >= settings.drowsy_perclos_180s * drowsy_ratio
    ):
        return DrowsinessState.DROWSY
    if perclos_60s >= settings.advisory_perclos_60s * advisory_ratio:
        return DrowsinessState.ADVISORY
    return DrowsinessState.AWAKE


class Fatigue:
    """Keeps the level while its measure is withheld, but for no longer than unseen eyes are borne with."""

    def __init__(self, settings: DrowsinessSettings) -> None:
        self._settings = settings
        self._judged = 0.0
        self.level = DrowsinessState.AWAKE

    def update(self, t: float, perclos_60s: float | None, perclos_180s: float | None) -> DrowsinessState:
        level = fatigue(perclos_60s, perclos_180s, self.level, self._settings)
        if level is None and reached(t - self._judged, self._settings.cannot_judge_seconds):
            level = fatigue(perclos_60s, perclos_180s, DrowsinessState.AWAKE, self._settings) or DrowsinessState.AWAKE
        if level is not None:
            self.level, self._judged = level, t
        return self.level
