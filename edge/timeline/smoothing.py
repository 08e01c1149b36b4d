"""Exponential smoothing that is the same at every frame rate."""

from __future__ import annotations

import math
from collections.abc import Mapping


class Smoother:
    """Smooths the probabilities of labels with a time constant.

    ``y += (1 - exp(-dt / time_constant)) * (x - y)``, the exact solution of a first-order low-pass for a step held
    since the last sample, so uneven ``dt`` and other frame rates give the same curve.  The first sample is taken as is.

    >>> smoother = Smoother(time_constant_seconds=1.0)
    >>> _ = smoother.update(0.0, {"palm": 0.0})
    >>> round(smoother.update(1.0, {"palm": 1.0})["palm"], 3)
    0.632
    """

    def __init__(self, time_constant_seconds: float) -> None:
        self._time_constant = time_constant_seconds
        self._t: float | None = None
        self._values: dict[str, float] = {}

    def update(self, t: float, values: Mapping[str, float]) -> Mapping[str, float]:
        """The smoothed values at ``t``; a label that is in one sample only counts as 0 in the other."""
        if self._t is None:
            self._values = dict(values)
        else:
            weight = -math.expm1(-(t - self._t) / self._time_constant)
            labels = self._values.keys() | values.keys()
            old = self._values
            self._values = {
                label: old.get(label, 0.0) + weight * (values.get(label, 0.0) - old.get(label, 0.0)) for label in labels
            }
        self._t = t
        return self._values
