"""A signed distance field of blended tapered capsules, and rays marched through it.

Sphere tracing after Hart, "Sphere tracing: a geometric method for the antialiased ray tracing of implicit
surfaces" (1996).  Lengths are millimetres; points are ``(P, 3)`` float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_BLEND_WITHIN_MM = 0.8
_BLEND_PALM_MM = 3.2
_BLEND_BETWEEN_MM = 1.3
_STEPS = 32
_CHUNK = 2048
"""Points at a time: the working set stays in the cache."""
HIT_MM = 0.15
_STEP_SHARE = 0.92


def _smooth_min(distances: Floats, blend_mm: float) -> Floats:
    """Smooth minimum over axis 0 of ``(N, P)``: the negative log-sum-exp, shifted against underflow."""
    if len(distances) == 1:
        return distances[0]
    least = distances.min(axis=0)
    weights = np.subtract(least, distances)
    weights *= np.float32(1 / blend_mm)
    np.exp(weights, out=weights)
    return np.asarray(least - blend_mm * np.log(weights.sum(axis=0)), np.float32)


@dataclass(frozen=True, slots=True)
class Hit:
    """Where each of ``P`` rays came nearest to the surface: ``point`` ``(P, 3)``, and its distance ``(P,)``; mm."""

    point: Floats
    distance: Floats


class DistanceField:
    """Distance to ``N`` tapered capsules: ``start``, ``end`` ``(N, 3)``, ``radii`` ``(N, 2)``, ``group`` ``(N,)``.

    Capsules of one group blend within, and the groups (of which 0 and 1 are the soft palm and forearm) blend
    a little with each other.
    """

    def __init__(self, start: Floats, end: Floats, radii: Floats, group: NDArray[np.intp]) -> None:
        self._start = start
        self._axis = end - start
        self._axis_squared = (self._axis**2).sum(axis=1)
        self._start_squared = (start**2).sum(axis=1)
        self._radius, self._taper = radii[:, :1], radii[:, 1:] - radii[:, :1]
        soft = group <= 1
        self._groups = [(np.flatnonzero(soft), _BLEND_PALM_MM)] if soft.any() else []
        self._groups += [(np.flatnonzero(group == g), _BLEND_WITHIN_MM) for g in np.unique(group[~soft])]

    def parts(self, points: Floats) -> tuple[Floats, Floats]:
        """Distance to every capsule and the place along it, 0 to 1: both ``(N, P)``."""
        offset = self._axis @ points.T - (self._axis * self._start).sum(axis=1)[:, None]
        along = np.clip(offset / self._axis_squared[:, None], 0, 1)
        squared = (points**2).sum(axis=1) - 2 * (self._start @ points.T) + self._start_squared[:, None]
        squared += along * (along * self._axis_squared[:, None] - 2 * offset)
        return np.sqrt(np.maximum(squared, 0)) - self._radius - self._taper * along, along

    def __call__(self, points: Floats) -> Floats:
        """Signed distance ``(P,)``, mm, negative inside."""
        if len(points) > _CHUNK:
            return np.concatenate([self(points[i : i + _CHUNK]) for i in range(0, len(points), _CHUNK)])
        each = self.parts(points)[0]
        return _smooth_min(np.stack([_smooth_min(each[rows], k) for rows, k in self._groups]), _BLEND_BETWEEN_MM)

    def normals(self, points: Floats, step_mm: float = 0.7) -> Floats:
        """Outward unit normals ``(P, 3)`` by differences at the corners of a tetrahedron."""
        corners = np.array([(1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)], np.float32)
        gradient = sum((corner * self(points + step_mm * corner)[:, None] for corner in corners), np.float32(0))
        return np.asarray(gradient / (np.linalg.norm(gradient, axis=1, keepdims=True) + 1e-6), np.float32)

    def march(self, origin: Floats, direction: Floats, begin_mm: float, end_mm: float) -> Hit:
        """Follow rays (unit ``direction`` ``(P, 3)`` from ``origin`` ``(3,)``) from ``begin_mm`` to ``end_mm``."""
        travelled = np.full(len(direction), begin_mm, np.float32)
        best, best_at = np.full(len(direction), np.inf, np.float32), travelled.copy()
        active = np.arange(len(direction))
        for _ in range(_STEPS):
            distance = self(origin + travelled[active, None] * direction[active])
            nearer = distance < best[active]
            best[active[nearer]] = distance[nearer]
            best_at[active[nearer]] = travelled[active[nearer]]
            travelled[active] += _STEP_SHARE * distance
            active = active[(distance > HIT_MM) & (travelled[active] < end_mm)]
            if not len(active):
                break
        return Hit(origin + best_at[:, None] * direction, best)

    def occlusion(self, points: Floats, normals: Floats) -> Floats:
        """How open each surface point is, 0 (buried) to 1 (``(P,)``): the field sampled along the normal."""
        closed = np.zeros(len(points), np.float32)
        for weight, reach in ((0.5, 2.5), (0.3, 7.0), (0.2, 16.0)):
            closed += weight * np.clip(1 - self(points + reach * normals) / reach, 0, 1)
        return 1 - closed

    def light_reaching(self, points: Floats, light: Floats, softness: float = 7.0) -> Floats:
        """Soft shadow ``(P,)``, 0 dark to 1 lit, towards the unit vector ``light`` ``(3,)`` (after Quílez)."""
        lit = np.ones(len(points), np.float32)
        for reach in (4.0, 9.0, 17.0, 30.0):
            lit = np.minimum(lit, 0.5 + softness * self(points + reach * light) / (2 * reach))
        return np.clip(lit, 0, 1)
