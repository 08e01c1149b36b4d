"""Arithmetic on many boxes at once: arrays ``(n, 4)`` float32 of ``x1, y1, x2, y2`` in pixels, edges exclusive.

Mostly there are a few, so that the number of numpy's calls is what counts: methods, and ufuncs on columns, are several
times as fast as the functions around them.

>>> import numpy as np
>>> iou(np.array([[0, 0, 2, 2]], np.float32), np.array([[1, 0, 3, 2]], np.float32))
array([[0.33333334]], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.values import Box

Boxes = NDArray[np.float32]
"""``(n, 4)`` float32: x1, y1, x2, y2 in pixels."""

Overlap = Literal["union", "min"]
"""What an intersection is divided by: the union of the two boxes, or the smaller one, which also finds a box inside
another (MTCNN's last stage uses it)."""


_TINY = np.float32(1e-9)
"""Stands for the area of an empty box in a denominator."""


def from_values(boxes: Sequence[Box]) -> Boxes:
    """``(n, 4)`` float32 of single boxes."""
    return np.array([(box.x1, box.y1, box.x2, box.y2) for box in boxes], np.float32).reshape(-1, 4)


def areas(boxes: Boxes) -> NDArray[np.float32]:
    """``(n,)`` float32 in square pixels; 0 for a box whose edges are crossed."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def iou(first: Boxes, second: Boxes, overlap: Overlap = "union") -> NDArray[np.float32]:
    """``(n, m)`` float32, 0 to 1: how much each of ``first`` ``(n, 4)`` overlaps each of ``second`` ``(m, 4)``."""
    x1, y1, x2, y2 = np.ascontiguousarray(first.T)[:, :, None]
    other_x1, other_y1, other_x2, other_y2 = np.ascontiguousarray(second.T)
    widths = np.minimum(x2, other_x2) - np.maximum(x1, other_x1)
    heights = np.minimum(y2, other_y2) - np.maximum(y1, other_y1)
    intersections = np.maximum(widths, 0) * np.maximum(heights, 0)
    second_areas = areas(second)
    first_areas = (second_areas if first is second else areas(first))[:, None]
    if overlap == "min":
        return intersections / np.maximum(np.minimum(first_areas, second_areas), _TINY)
    return intersections / np.maximum(first_areas + second_areas - intersections, _TINY)


def nms(boxes: Boxes, scores: NDArray[np.float32], threshold: float, overlap: Overlap = "union") -> NDArray[np.intp]:
    """Greedy non-maximum suppression: indices of the kept boxes, best score first.

    A box goes if it overlaps a kept one by more than ``threshold``.
    """
    if len(scores) <= 1:
        return np.arange(len(scores))
    order = (-scores).argsort(kind="stable")
    sorted_boxes = boxes[order]
    spares = iou(sorted_boxes, sorted_boxes, overlap) <= threshold
    alive = np.ones(len(order), dtype=bool)
    for index in range(len(order)):
        if alive[index]:
            alive[index + 1 :] &= spares[index, index + 1 :]
    return order[alive]


def regress(boxes: Boxes, offsets: NDArray[np.float32]) -> Boxes:
    """Move each edge of ``boxes`` by its offset ``(n, 4)`` dx1, dy1, dx2, dy2, given in sides of the box."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return boxes + offsets * np.concatenate([sides, sides], axis=1)


def squarify(boxes: Boxes) -> Boxes:
    """The squares around the same centres with the longer side of each box."""
    starts, ends = boxes[:, :2], boxes[:, 2:]
    centres, sides = (starts + ends) / 2, ends - starts
    halves = np.maximum(sides[:, :1], sides[:, 1:]) / 2
    return np.concatenate([centres - halves, centres + halves], axis=1)


def clip(boxes: Boxes, width: int, height: int) -> Boxes:
    """The parts of ``boxes`` inside an image; a box wholly outside becomes empty on its border."""
    limits = np.array([width, height, width, height], dtype=boxes.dtype)
    return np.minimum(np.maximum(boxes, 0), limits)


def to_points(windows: Boxes, relative: NDArray[np.float32]) -> NDArray[np.float32]:
    """Landmarks ``(n, 2k)`` x1, y1, x2, y2 … in sides of their windows, as ``(n, k, 2)`` x, y in pixels."""
    points = relative.reshape(len(relative), relative.shape[1] // 2, 2)
    sides = windows[:, 2:] - windows[:, :2]
    return windows[:, None, :2] + points * sides[:, None]
