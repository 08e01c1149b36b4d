"""Lowers the portrait's eyelids: skin over the eye, a crease above and a lash line below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.values import Image

Floats = NDArray[np.floating[Any]]

_SUPERSAMPLING = 4
_LASH = np.array((42, 52, 78), np.float32)
_WARMTH = np.array((0.97, 0.985, 1.0), np.float32)
_PATCH_MARGIN = (7, 11)
_CREASE_ABOVE_LID_PX = 4.2


@dataclass(frozen=True, slots=True)
class Eye:
    """Lids of an eye from its left to its right corner, in pixels of the picture: ``upper``, ``lower`` ``(K, 2)``."""

    upper: Floats
    lower: Floats


def _smooth(low: Floats | float, high: Floats | float, value: Floats) -> Floats:
    """Hermite smoothstep from 0 below ``low`` to 1 above ``high``."""
    share = np.clip((value - low) / (np.asarray(high) - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


class Eyelids:
    """One eye of ``picture``: ``patch(closure)`` is what to paste at ``rows``, ``columns`` of the picture."""

    def __init__(self, picture: Image, eye: Eye) -> None:
        corners = np.vstack([eye.upper, eye.lower])
        (x1, y1), (x2, y2) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
        across, up = _PATCH_MARGIN
        self.rows = slice(int(y1) - up, int(y2) + up)
        self.columns = slice(int(x1) - across, int(x2) + across)
        self._open = picture[self.rows, self.columns].copy()
        height, width = (side * _SUPERSAMPLING for side in self._open.shape[:2])
        self._y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / _SUPERSAMPLING
        self._x = (np.arange(width, dtype=np.float32) + 0.5) / _SUPERSAMPLING
        origin = (self.columns.start, self.rows.start)
        self._upper = self._curve(eye.upper - origin)
        self._lower = self._curve(eye.lower - origin)
        left, right = eye.upper[0, 0] - origin[0], eye.upper[-1, 0] - origin[0]
        self._place = np.asarray((self._x - left) / (right - left), np.float32)
        self._skin = self._lid_skin()

    def _curve(self, points: Floats) -> Floats:
        """``y`` of a lid at every column: a cubic through its points, held level beyond the corners."""
        curve = np.poly1d(np.polyfit(points[:, 0], points[:, 1], 3))
        return np.asarray(curve(np.clip(self._x, points[0, 0], points[-1, 0])), np.float32)

    def _lid_skin(self) -> Floats:
        """Skin from between brow and crease, spread down over the eye; with its grain."""
        large = cv2.resize(self._open, (len(self._x), len(self._y)), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        source = (self._upper - 7.5 + 2.0 * np.sin(self._y * 0.8)) * _SUPERSAMPLING
        columns = np.broadcast_to(np.arange(len(self._x), dtype=np.float32), source.shape)
        skin = cv2.remap(large, columns, source.astype(np.float32), cv2.INTER_LINEAR) * _WARMTH
        return np.asarray(cv2.GaussianBlur(skin, (0, 0), 5.0), np.float32)

    def patch(self, closure: float) -> Image:
        """The eye with its upper lid ``closure`` (0 to 1) of the way down, uint8 BGR."""
        if closure <= 0:
            return self._open
        shown = min(1.0, closure * 3)
        crease, seam = self._upper - _CREASE_ABOVE_LID_PX, self._lower + 0.4
        edge = self._upper + closure * (seam - self._upper)
        inside = _smooth(-0.06, 0.05, self._place) * _smooth(-0.06, 0.05, 1 - self._place)
        arch = np.sin(np.pi * np.clip(self._place, 0, 1))
        lid = _smooth(crease - 3.0, crease + 2.0, self._y) * (1 - _smooth(edge - 0.5, edge + 0.5, self._y))
        down = np.clip((self._y - crease) / np.maximum(edge - crease, 1), 0, 1)
        bulge = 0.95 + 0.05 * np.sin(np.pi * down) - 0.10 * down**2
        lash = 0.8 * inside * np.exp(-(((self._y - edge) / (0.8 + 0.5 * arch)) ** 2))
        fold = 0.11 * closure * arch**2 * np.exp(-(((self._y - crease) / 1.1) ** 2))
        return self._blend(shown * inside * lid, bulge, shown * lash, fold)

    def _blend(self, lid: Floats, bulge: Floats, lash: Floats, fold: Floats) -> Image:
        """Lay the skin (share ``lid``, brightness ``bulge``), the fold and the lash line over the open eye."""
        size = self._open.shape[1::-1]
        layers = np.dstack([self._skin * (lid * bulge)[..., None], lid, lash, fold]).astype(np.float32)
        small = cv2.resize(layers, size, interpolation=cv2.INTER_AREA)
        skin, lid, lash, fold = small[..., :3], small[..., 3:4], small[..., 4:5], small[..., 5:6]
        eye = (self._open * (1 - lid) + skin) * (1 - fold * np.array((0.55, 0.5, 0.4), np.float32))
        return np.clip(eye * (1 - lash) + lash * _LASH, 0, 255).round().astype(np.uint8)
