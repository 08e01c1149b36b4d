"""What a detector found in one picture against what was annotated there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data.scenes import no_boxes
from edge.vision.boxes import Boxes, iou

Points = NDArray[np.float32]
"""``(n, 5, 2)`` float32: x, y of five landmarks in pixels."""

MIN_IOU = 0.5
"""An annotated object counts as found from this intersection over union on, as in PASCAL VOC and WIDER FACE."""

FALSE, IGNORED = -1, -2
"""What a find is that matches no annotation: false, or on a region that counts neither way."""


@dataclass(frozen=True)
class Finds:
    """The finds in one picture, best first, and how they lie to its annotation.

    ``boxes`` ``(m, 4)``, ``scores`` ``(m,)``, ``points`` ``(m, 5, 2)``; ``nearest`` ``(m,)`` is the annotation that
    each overlaps most, and ``overlaps`` ``(m,)`` by how much; ``ignored`` ``(m,)``: what it overlaps most is a region
    without annotation.
    """

    boxes: Boxes
    scores: NDArray[np.float32]
    points: Points
    nearest: NDArray[np.intp]
    overlaps: NDArray[np.float32]
    ignored: NDArray[np.bool_]

    @classmethod
    def of(
        cls, boxes: Boxes, scores: NDArray[np.float32], points: Points, true_boxes: Boxes, unsure: Boxes | None = None
    ) -> Finds:
        """Compare finds, best first, with the annotated ``true_boxes`` ``(n, 4)`` and the ``unsure`` ``(k, 4)``."""
        regions = no_boxes() if unsure is None else unsure
        overlaps = iou(boxes, np.concatenate([true_boxes, regions]))
        if not overlaps.shape[1]:
            overlaps = np.zeros((len(boxes), 1), np.float32)
        nearest = overlaps.argmax(axis=1)
        return cls(boxes, scores, points, nearest, overlaps.max(axis=1), nearest >= len(true_boxes))

    def above(self, score: float) -> Finds:
        """Those with at least this ``score``."""
        number = int((self.scores >= score).sum())
        return Finds(
            self.boxes[:number],
            self.scores[:number],
            self.points[:number],
            self.nearest[:number],
            self.overlaps[:number],
            self.ignored[:number],
        )

    def matches(self, min_iou: float = MIN_IOU) -> NDArray[np.intp]:
        """``(m,)``: the annotation that each find has found, or :data:`FALSE` or :data:`IGNORED`.

        By the rule of WIDER FACE's evaluation: a find belongs to what it overlaps most, if by at least ``min_iou``; of
        several that belong to one annotation the best is right and the others are false.
        """
        found = np.full(len(self.scores), FALSE, np.intp)
        taken: set[int] = set()
        for index in np.flatnonzero(self.overlaps >= min_iou):
            nearest = int(self.nearest[index])
            if self.ignored[index]:
                found[index] = IGNORED
            elif nearest not in taken:
                found[index] = nearest
                taken.add(nearest)
        return found


def normalised_mean_error(points: NDArray[Any], true_points: NDArray[Any]) -> float:
    """The mean distance of five points ``(5, 2)`` to the true ones, in distances between the true eyes (NME)."""
    between_eyes = float(np.linalg.norm(true_points[1] - true_points[0]))
    return float(np.linalg.norm(points - true_points, axis=1).mean()) / between_eyes
