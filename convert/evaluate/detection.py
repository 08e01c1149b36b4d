"""Figures of a detector, from what it found and what was annotated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.vision.boxes import iou

MIN_IOU = 0.5
"""An annotated object counts as found from this intersection over union on, as in PASCAL VOC."""

Boxes = NDArray[np.float32]
Points = NDArray[np.float32]


@dataclass
class DetectionTally:
    """Counts over pictures: annotated objects, finds, finds that match, and the landmarks' errors."""

    annotated: int = 0
    found: int = 0
    matched: int = 0
    errors: list[float] = field(default_factory=list)

    def add(self, boxes: Boxes, true_boxes: Boxes, points: Points, true_points: Points | None) -> None:
        """Count one picture.

        ``boxes`` ``(m, 4)``, best first, and ``points`` ``(m, 5, 2)`` were found, ``true_boxes`` ``(n, 4)`` and
        ``true_points`` ``(n, 5, 2)`` annotated, all in pixels.
        """
        pairs = match(boxes, true_boxes)
        self.annotated += len(true_boxes)
        self.found += len(boxes)
        self.matched += len(pairs)
        if true_points is not None:
            self.errors += [normalised_mean_error(points[i], true_points[j]) for i, j in pairs]

    def figures(self) -> dict[str, Any]:
        """Recall, precision (of all finds; a lower bound where pictures aren't annotated completely) and mean NME."""
        return {
            "recall": _ratio(self.matched, self.annotated),
            "precision": _ratio(self.matched, self.found),
            "nme": round(float(np.mean(self.errors)), 6) if self.errors else None,
            "annotated": self.annotated,
            "found": self.found,
            "matched": self.matched,
        }


def match(boxes: Boxes, true_boxes: Boxes) -> list[tuple[int, int]]:
    """Pairs (find, annotation): each find, best first, takes the free annotation that it overlaps most, if by enough.

    >>> match(np.array([[0, 0, 10, 10]], np.float32), np.array([[50, 50, 60, 60], [1, 0, 11, 10]], np.float32))
    [(0, 1)]
    """
    overlaps = iou(boxes, true_boxes)
    pairs: list[tuple[int, int]] = []
    for index in range(len(boxes)):
        if not overlaps.shape[1]:
            break
        best = int(overlaps[index].argmax())
        if overlaps[index, best] >= MIN_IOU:
            pairs.append((index, best))
            overlaps[:, best] = 0
    return pairs


def normalised_mean_error(points: Points, true_points: Points) -> float:
    """The mean distance of five points ``(5, 2)`` to the true ones, in distances between the true eyes."""
    between_eyes = float(np.linalg.norm(true_points[1] - true_points[0]))
    return float(np.linalg.norm(points - true_points, axis=1).mean()) / between_eyes


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
