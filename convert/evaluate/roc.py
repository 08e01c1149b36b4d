"""The receiver operating characteristic: how many of the right ones a threshold lets in, for how many of the wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.evaluate.figures import CURVE_POINTS, Floats, curve

STRICTEST_RATE = 1e-4
"""Where a logarithmic scale of false positive rates begins."""


@dataclass(frozen=True)
class Roc:
    """False and true positive rates ``(m,)`` from (0, 0) to (1, 1), as the threshold falls past each distinct score."""

    false_positives: NDArray[np.float64]
    true_positives: NDArray[np.float64]

    @property
    def area(self) -> float:
        """The area under it: the chance that a positive scores above a negative, ties counted half."""
        widths = np.diff(self.false_positives)
        return float(np.sum(widths * (self.true_positives[1:] + self.true_positives[:-1]) / 2))

    @property
    def equal_error(self) -> float:
        """The rate at which as many positives are refused as negatives are let in, between the two nearest points."""
        refused = 1 - self.true_positives
        after = int(np.argmax(self.false_positives >= refused))
        before = max(after - 1, 0)
        gap_before = refused[before] - self.false_positives[before]
        gap_after = self.false_positives[after] - refused[after]
        share = gap_before / (gap_before + gap_after) if gap_before + gap_after else 0.0
        return float(self.false_positives[before] * (1 - share) + self.false_positives[after] * share)

    def true_positives_at(self, false_positives: float) -> float:
        """The highest true positive rate of a threshold that lets in at most this rate of negatives."""
        return float(self.true_positives[self.false_positives <= false_positives].max())

    def figures(self) -> dict[str, list[float]]:
        """The curve as a result holds it."""
        return curve(fpr=self.false_positives, tpr=self.true_positives)

    def strict_figures(self) -> dict[str, list[float]]:
        """The curve over a logarithmic scale of false positive rates, for tasks that allow but few of them."""
        rates = np.geomspace(STRICTEST_RATE, 1, CURVE_POINTS)
        found = [self.true_positives_at(rate) for rate in rates]
        return {"fpr": np.round(rates, 6).tolist(), "tpr": np.round(found, 4).tolist()}


def roc_curve(scores: Floats, positive: NDArray[np.bool_]) -> Roc | None:
    """The curve of ``scores`` ``(n,)`` for telling ``positive`` ``(n,)`` from the rest; None of one kind."""
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        return None
    order = np.argsort(-scores, kind="stable")
    last_of_score = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    let_in = np.cumsum(positive[order])[last_of_score]
    return Roc(
        np.concatenate([[0.0], (last_of_score + 1 - let_in) / n_negative]),
        np.concatenate([[0.0], let_in / n_positive]),
    )
