"""Windows around and beside objects: how they are placed, labelled and cut out.

A window is a square given by its centre, side and angle; normalised window coordinates run from (0, 0) at its top
left corner to (1, 1).  All functions take and give arrays over windows, first axis ``n``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Reals = NDArray[np.floating[Any]]

MIRRORED_POINTS = (1, 0, 2, 4, 3)
"""Order of the five points in a mirrored face."""

BORDER = cv2.BORDER_REPLICATE
"""Beyond the image's edge, as on the device."""


@dataclass(frozen=True)
class Windows:
    """``n`` square windows: ``centre`` ``(n, 2)`` and ``side`` ``(n,)`` in pixels, ``angle`` ``(n,)`` in radians."""

    centre: Floats
    side: Floats
    angle: Floats
    mirrored: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.side)

    def take(self, index: NDArray[np.intp]) -> Windows:
        """Give the windows at ``index`` ``(m,)``."""
        return Windows(self.centre[index], self.side[index], self.angle[index], self.mirrored[index])

    def linear(self) -> Floats:
        """Give the ``(n, 2, 2)`` matrices that turn, mirror and scale image offsets into window coordinates."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        flip = np.where(self.mirrored, -1.0, 1.0)
        rows = [np.stack([flip * cos, -flip * sin], -1), np.stack([sin, cos], -1)]
        return (np.stack(rows, 1) / self.side[:, None, None]).astype(np.float32)


def upright(centre: Reals, side: Reals) -> Windows:
    """Give windows that are neither turned nor mirrored."""
    n = len(side)
    return Windows(centre.astype(np.float32), side.astype(np.float32), np.zeros(n, np.float32), np.zeros(n, bool))


def around(box: Floats, n: int, reach: float, zoom: float, turn: float, rng: np.random.Generator) -> Windows:
    """Place ``n`` windows at random near ``box`` ``(4,)``.

    Centres are shifted by up to ``reach`` sides, sides vary by a factor up to ``exp(zoom)`` either way around the
    longer side of the box, angles up to ``turn`` radians; half of the windows are mirrored.
    """
    centre, size = (box[:2] + box[2:]) / 2, max(box[2] - box[0], box[3] - box[1])
    side = size * np.exp(rng.uniform(-zoom, zoom, n))
    shift = rng.uniform(-reach, reach, (n, 2)) * np.minimum(side, size)[:, None]
    return Windows(
        (centre + shift).astype(np.float32),
        side.astype(np.float32),
        rng.uniform(-turn, turn, n).astype(np.float32),
        rng.random(n) < 0.5,
    )


def anywhere(height: int, width: int, n: int, smallest: float, rng: np.random.Generator) -> Windows:
    """Place ``n`` windows wholly inside an image, with sides from ``smallest`` pixels to its shorter side."""
    largest = min(height, width)
    side = np.exp(rng.uniform(np.log(min(smallest, largest)), np.log(largest), n))
    centre = np.stack([rng.uniform(side / 2, width - side / 2), rng.uniform(side / 2, height - side / 2)], -1)
    windows = upright(centre, side)
    return Windows(windows.centre, windows.side, windows.angle, rng.random(n) < 0.5)


def box_targets(windows: Windows, box: Floats) -> Floats:
    """Give the edges of ``box`` ``(4,)`` in each window, ``(n, 4)`` in window coordinates.

    A turned box is bounded as the ellipse in it is: the object, not the corners, has to lie inside.
    """
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    linear = windows.linear()
    middle = np.einsum("nij,nj->ni", linear, centre - windows.centre) + 0.5
    extent = np.sqrt(np.einsum("nij,j->ni", linear**2, half**2))
    return np.concatenate([middle - extent, middle + extent], 1).astype(np.float32)


def landmark_targets(windows: Windows, landmarks: Floats) -> Floats:
    """Give five points ``(5, 2)`` in each window, ``(n, 10)`` x1, y1, … in window coordinates and in image order."""
    offsets = landmarks[None] - windows.centre[:, None]
    points = np.einsum("nij,npj->npi", windows.linear(), offsets) + 0.5
    mirrored = points[:, MIRRORED_POINTS]
    return np.where(windows.mirrored[:, None, None], mirrored, points).reshape(len(windows), 10).astype(np.float32)


def overlap(targets: Floats) -> Floats:
    """IoU ``(n,)`` of each window with the square around the object's edges ``(n, 4)`` in window coordinates."""
    middle, size = (targets[:, :2] + targets[:, 2:]) / 2, np.max(targets[:, 2:] - targets[:, :2], 1)
    low = np.clip(middle - size[:, None] / 2, 0, 1)
    high = np.clip(middle + size[:, None] / 2, 0, 1)
    common = np.prod(np.clip(high - low, 0, None), 1)
    return (common / (1 + size**2 - common)).astype(np.float32)


def covers(windows: Windows, boxes: Floats) -> Floats:
    """Greatest share ``(n,)`` of any of ``boxes`` ``(m, 4)``, or of the window, that the two have in common."""
    if not len(boxes):
        return np.zeros(len(windows), np.float32)
    half = windows.side[:, None] / 2
    low = np.maximum((windows.centre - half)[:, None], boxes[None, :, :2])
    high = np.minimum((windows.centre + half)[:, None], boxes[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), -1)
    smaller = np.minimum(windows.side[:, None] ** 2, np.prod(boxes[:, 2:] - boxes[:, :2], -1)[None])
    return np.max(common / np.maximum(smaller, 1e-6), 1).astype(np.float32)


class Cutter:
    """Cuts windows out of one image; halved copies of the image keep small windows free of aliasing."""

    def __init__(self, image: NDArray[np.uint8], size: int) -> None:
        """Cut windows of ``size`` × ``size`` pixels out of ``image`` ``(height, width, 3)`` uint8."""
        self._levels = [image]
        self._size = size

    def cut(self, windows: Windows, softened: NDArray[np.intp] | None = None) -> NDArray[np.uint8]:
        """Give the windows as ``(n, size, size, 3)`` uint8; ``softened`` ``(n,)`` halves resolution that often."""
        crops = np.empty((len(windows), self._size, self._size, 3), np.uint8)
        levels = np.clip(np.floor(np.log2(np.maximum(windows.side, 1) / self._size)), 0, None).astype(int)
        if softened is not None:
            levels = levels + softened
        linear = windows.linear() * self._size
        for crop, matrix, centre, level in zip(crops, linear, windows.centre, levels, strict=True):
            image, scale = self._level(level)
            matrix = matrix * scale
            # pixel centres lie at +0.5, in the image as in the crop
            shift = self._size / 2 - 0.5 - matrix @ (centre / scale - 0.5)
            cv2.warpAffine(image, np.column_stack([matrix, shift]), (self._size, self._size), crop, borderMode=BORDER)
        return crops

    def _level(self, level: int) -> tuple[NDArray[np.uint8], float]:
        while len(self._levels) <= level and min(self._levels[-1].shape[:2]) >= 4:
            image = self._levels[-1]
            size = (max(image.shape[1] // 2, 1), max(image.shape[0] // 2, 1))
            self._levels.append(cv2.resize(image, size, interpolation=cv2.INTER_AREA))  # type: ignore[arg-type]
        level = min(level, len(self._levels) - 1)
        return self._levels[level], self._levels[0].shape[1] / self._levels[level].shape[1]
