"""Figures of telling people apart, from the similarity of pairs: the protocol of Labeled Faces in the Wild (LFW)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.evaluate.figures import interval, rounded
from convert.evaluate.roc import roc_curve

STRICT_FAR = 1e-3
"""The share of strangers let in at which the share of right people let in (TAR) is given."""

HISTOGRAM_BINS = 40


def verification_figures(
    similarities: NDArray[np.float64], same: NDArray[np.bool_], folds: NDArray[np.int64]
) -> dict[str, Any]:
    """``similarities`` ``(n,)`` from -1 to 1, ``same`` ``(n,)`` person or not, and the fold ``(n,)`` of each pair.

    ``accuracy`` is the mean over the folds, each judged with the threshold that is best on all others (Huang et al.,
    2007), and ``standard_error`` that mean's.  ``tar_at_far_1e-3`` is coarse below some 10,000 pairs of strangers:
    of ``different`` pairs at most a thousandth may be taken for one person.
    """
    accuracies, thresholds = fold_accuracies(similarities, same, folds)
    roc = roc_curve(similarities, same)
    right = round(float(np.dot(accuracies, np.unique(folds, return_counts=True)[1])))
    return {
        "accuracy": rounded(float(accuracies.mean())),
        "accuracy_interval": interval(right, len(same)),
        "standard_error": rounded(_standard_error(accuracies)),
        "threshold": rounded(float(thresholds.mean())),
        "auc": rounded(roc.area) if roc else None,
        "equal_error": rounded(roc.equal_error) if roc else None,
        "tar_at_far_1e-3": rounded(roc.true_positives_at(STRICT_FAR)) if roc else None,
        "same": int(same.sum()),
        "different": int((~same).sum()),
        "folds": [
            {"accuracy": rounded(accuracy), "threshold": rounded(threshold)}
            for accuracy, threshold in zip(accuracies.tolist(), thresholds.tolist(), strict=True)
        ],
        "roc": roc.strict_figures() if roc else None,
        "similarity": _histogram(similarities, same),
    }


def fold_accuracies(
    similarities: NDArray[np.float64], same: NDArray[np.bool_], folds: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each fold's accuracy ``(f,)``, and the threshold ``(f,)`` for it, chosen on the other folds."""
    names = np.unique(folds)
    chosen = [folds != name if len(names) > 1 else np.full(len(folds), True) for name in names]
    thresholds = np.array([best_threshold(similarities[rest], same[rest]) for rest in chosen])
    accuracies = [
        float(((similarities[folds == name] >= threshold) == same[folds == name]).mean())
        for name, threshold in zip(names, thresholds, strict=True)
    ]
    return np.array(accuracies), thresholds


def best_threshold(similarities: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """The least similarity to take two photos for one person by, so that most pairs come out right.

    It lies half-way between two similarities that occur; the middle one of several that are equally good.

    >>> best_threshold(np.array([0.1, 0.3, 0.7, 0.9]), np.array([False, False, True, True]))
    0.5
    """
    order = np.argsort(similarities, kind="stable")
    values, first = np.unique(similarities[order], return_index=True)
    sorted_same = same[order]
    refused_right = np.concatenate([[0], np.cumsum(~sorted_same)])
    let_in_right = sorted_same.sum() - np.concatenate([[0], np.cumsum(sorted_same)])
    cuts = np.append(first, len(order))
    right = refused_right[cuts] + let_in_right[cuts]
    best = np.flatnonzero(right == right.max())
    edges = np.concatenate([[values[0] - 1e-6], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-6]])
    return float(edges[best[len(best) // 2]])


def _standard_error(accuracies: NDArray[np.float64]) -> float | None:
    return float(accuracies.std(ddof=1) / len(accuracies) ** 0.5) if len(accuracies) > 1 else None


def _histogram(similarities: NDArray[np.float64], same: NDArray[np.bool_]) -> dict[str, list[float]]:
    edges = np.linspace(-1, 1, HISTOGRAM_BINS + 1)
    return {
        "edges": np.round(edges, 4).tolist(),
        "same": np.histogram(similarities[same], edges)[0].tolist(),
        "different": np.histogram(similarities[~same], edges)[0].tolist(),
    }
