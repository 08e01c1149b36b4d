"""Numbers as they stand in a result: rounded, None where there is nothing to divide by, curves thinned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

DIGITS = 6
CURVE_DIGITS = 4

CURVE_POINTS = 64
"""A curve in a result has at most this many points: enough for a plot, little enough for a manifest."""

UNRECORDED = ("skipped", "roc", "precision_recall", "landmark_errors", "similarity")

WILSON_Z = 1.959964
"""The standard normal deviate of a two-sided 95 % interval."""


def ratio(part: Any, whole: Any) -> float | None:
    """``part / whole``, or None without a whole."""
    return rounded(float(part) / float(whole)) if whole else None


def rounded(value: float | None) -> float | None:
    """``value`` to six digits after the point; None stays None."""
    return None if value is None else round(float(value), DIGITS)


def mean(values: Floats | list[float]) -> float | None:
    """The rounded mean of ``values`` ``(n,)``, or None of none."""
    return rounded(float(np.mean(values))) if len(values) else None


def interval(part: int, whole: int) -> list[float] | None:
    """The 95 % interval of a share, low and high, by Wilson (1927): how far ``whole`` cases can be trusted.

    >>> interval(5, 10)
    [0.236593, 0.763407]
    """
    if not whole:
        return None
    share, z_squared = part / whole, WILSON_Z**2
    centre = share + z_squared / (2 * whole)
    half = WILSON_Z * (share * (1 - share) / whole + z_squared / (4 * whole**2)) ** 0.5
    scale = 1 + z_squared / whole
    return [round((centre - half) / scale, DIGITS), round((centre + half) / scale, DIGITS)]


def curve(**axes: Floats) -> dict[str, list[float]]:
    """A curve's coordinates ``(n,)`` by name, at most :data:`CURVE_POINTS` of them, evenly along its length."""
    columns = np.stack([np.asarray(values, np.float64) for values in axes.values()])
    kept = np.arange(columns.shape[1])
    if columns.shape[1] > CURVE_POINTS:
        along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(columns, axis=1)).sum(axis=0))])
        kept = np.unique(np.searchsorted(along, np.linspace(0, along[-1], CURVE_POINTS)))
    return {name: np.round(values[kept], CURVE_DIGITS).tolist() for name, values in zip(axes, columns, strict=True)}


def recorded(figures: dict[str, Any]) -> dict[str, Any]:
    """What a bundle's manifest keeps of an evaluation's figures: no curves, and no names of skipped files."""
    return {name: value for name, value in figures.items() if name not in UNRECORDED}
