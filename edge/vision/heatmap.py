"""A single-shot detector's answer: from maps of centres and distances to boxes.

The network sees the whole image on a canvas whose sides are multiples of :data:`GRID_PX`.  For each cell of
:data:`STRIDE_PX` pixels it gives ``heat``, the logit of an object's centre in it, and ``box``, the logarithms of the
distances from the cell's centre to the object's left, top, right and bottom edge, in cells.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from edge.vision.boxes import Boxes

HEADS = {"heat": 1, "box": 4}
"""Outputs by name, with their channels."""

STRIDE_PX = 8
"""The side of a cell, in pixels of the canvas."""

GRID_PX = 32
"""The sides of a canvas are multiples of this: the network halves it five times."""

SMALLEST_PX = 20
"""Longer side, on the canvas, of the smallest object that the network is made to find."""

Size = tuple[int, int]
"""``(width, height)`` in pixels."""


def canvas_size(width: int, height: int, shrink: float) -> Size:
    """The smallest canvas on which an image keeps ``1 / shrink`` of its sides at least; never finer than the image.

    >>> canvas_size(640, 480, 3.0)
    (224, 160)
    """
    finest = max(shrink, 1.0)
    return _round_up(width / finest), _round_up(height / finest)


def centres(size: Size) -> NDArray[np.float32]:
    """``(n, 2)`` x, y: the centres of a canvas's cells, row by row, in cells."""
    rows, columns = np.mgrid[: size[1] // STRIDE_PX, : size[0] // STRIDE_PX].reshape(2, -1)
    return np.stack([columns, rows], axis=1).astype(np.float32) + np.float32(0.5)


def boxes_of(centres: NDArray[np.float32], distances: NDArray[np.float32]) -> Boxes:
    """Boxes ``(n, 4)`` in cells of ``centres`` ``(n, 2)`` and logarithms of distances ``(n, 4)``; both in cells.

    >>> boxes_of(np.array([[4.5, 2.5]], np.float32), np.log([[1, 2, 3, 4]]).astype(np.float32)).round(3).tolist()
    [[3.5, 0.5, 7.5, 6.5]]
    """
    lengths = np.exp(distances)
    return np.concatenate([centres - lengths[:, :2], centres + lengths[:, 2:]], axis=1)


def distances_of(centres: NDArray[np.float32], boxes: Boxes) -> NDArray[np.float32]:
    """What :func:`boxes_of` makes ``boxes`` ``(n, 4)`` of; each centre lies inside its box."""
    x, y = centres.T
    x1, y1, x2, y2 = boxes.T
    return np.log(np.stack([x - x1, y - y1, x2 - x, y2 - y], axis=1))


def _round_up(pixels: float) -> int:
    return max(ceil(pixels / GRID_PX), 1) * GRID_PX
