"""Precision against recall, and the area under that curve as WIDER FACE's evaluation takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.evaluate.detection import IGNORED, MIN_IOU, Finds
from convert.evaluate.figures import curve


@dataclass(frozen=True)
class PrecisionRecall:
    """``recall`` and ``precision`` ``(m,)`` as the least score falls past each distinct score of all finds."""

    recall: NDArray[np.float64]
    precision: NDArray[np.float64]

    @property
    def average_precision(self) -> float:
        """The area under the curve's envelope: at each recall the best precision of this or a higher recall."""
        best = np.maximum.accumulate(self.precision[::-1])[::-1]
        return float(np.sum(np.diff(self.recall, prepend=0.0) * best))

    def figures(self) -> dict[str, list[float]]:
        """The curve as a result holds it."""
        return curve(recall=self.recall, precision=self.precision)


def precision_recall(pictures: Sequence[Finds], annotated: int, min_iou: float = MIN_IOU) -> PrecisionRecall | None:
    """The curve over ``pictures`` that hold ``annotated`` objects in all; None without an object or a find.

    The protocol of WIDER FACE (Yang et al., 2016): IoU of at least 0.5; a second find of one object is false; finds on
    ignored regions count neither way; the area under the whole curve (no sampling at 11 recalls).  Its tool samples
    1,000 thresholds and leaves out pictures without any object; here every distinct score is a threshold, and what is
    found in such a picture is false.
    """
    matches = [finds.matches(min_iou) for finds in pictures]
    found = np.concatenate([np.zeros(0, np.intp), *matches])
    scores = np.concatenate([np.zeros(0, np.float32), *(finds.scores for finds in pictures)])
    counted = found != IGNORED
    found, scores = found[counted], scores[counted]
    if not annotated or not len(scores):
        return None
    order = np.argsort(-scores, kind="stable")
    last_of_score = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    right = np.cumsum(found[order] >= 0)[last_of_score]
    return PrecisionRecall(right / annotated, right / (last_of_score + 1))
