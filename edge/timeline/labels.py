"""Which label a classifier's probabilities show, smoothed over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.timeline.hold import Streak
from edge.timeline.settings import EmotionSettings, GestureSettings
from edge.timeline.smoothing import Smoother


@dataclass(frozen=True, slots=True)
class Shown:
    """A label that is shown now: its smoothed probability, and since when it is shown without a break."""

    label: str
    probability: float
    since: float


class LabelReader:
    """Reads one face's or one hand's label from its probabilities, frame after frame.

    A label is shown while its smoothed probability is the highest and at least ``min_probability``; once shown,
    until it falls below ``release_probability`` or another label is shown.
    """

    def __init__(self, settings: GestureSettings | EmotionSettings) -> None:
        self._min = settings.min_probability
        self._release = settings.release_probability
        self._smoother = Smoother(settings.smoothing_seconds)
        self._streak: Streak[str] = Streak(settings.max_gap_seconds)

    def read(self, t: float, probabilities: Mapping[str, float]) -> Shown | None:
        """The label shown at ``t``, ``None`` when no label is probable enough."""
        smoothed = self._smoother.update(t, probabilities)
        label = self._decide(smoothed)
        since = self._streak.see(t, label)
        if label is None or since is None:
            return None
        return Shown(label, smoothed[label], since)

    def _decide(self, smoothed: Mapping[str, float]) -> str | None:
        best = max(sorted(smoothed), key=smoothed.__getitem__)
        if smoothed[best] >= self._min:
            return best
        current = self._streak.value
        if current is not None and smoothed.get(current, 0.0) >= self._release:
            return current
        return None
