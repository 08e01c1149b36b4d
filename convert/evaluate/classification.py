"""Figures of a classifier, from its scores and the true classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def classification_figures(
    scores: NDArray[np.float32], targets: NDArray[np.int64], labels: Sequence[str]
) -> dict[str, Any]:
    """Accuracy, precision and recall of each class, and the confusion matrix.

    ``scores`` ``(n, k)`` logits or probabilities, ``targets`` ``(n,)`` indices into the ``k`` ``labels``.
    ``per_class`` names the classes that occur in ``targets``; a precision is None for a class that was never found.
    Row *i*, column *j* of ``confusion`` counts inputs of class *i* taken for class *j*, in the order of ``labels``.
    """
    confusion = confusion_matrix(targets, scores.argmax(axis=1), len(labels))
    right, given, found = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    per_class = {
        label: {"precision": _ratio(right[i], found[i]), "recall": _ratio(right[i], given[i]), "n": int(given[i])}
        for i, label in enumerate(labels)
        if given[i]
    }
    return {
        "accuracy": _ratio(right.sum(), len(targets)),
        "per_class": per_class,
        "confusion": {"labels": list(labels), "matrix": confusion.tolist()},
    }


def confusion_matrix(targets: NDArray[np.int64], found: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """``(classes, classes)``: how often class *i* (row) was taken for class *j* (column)."""
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (targets, found), 1)
    return matrix


def fit_temperature(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """The divisor of the logits that makes the true classes most probable (Guo et al., 2017, "On Calibration of Modern
    Neural Networks"), to one part in a hundred, from 0.2 to 5.

    ``logits`` ``(n, k)``, ``targets`` ``(n,)``.
    """
    candidates = np.exp(np.linspace(np.log(0.2), np.log(5.0), 323))
    losses = [_log_loss(logits / temperature, targets) for temperature in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 3)


def area_under_roc(scores: NDArray[np.floating[Any]], positive: NDArray[np.bool_]) -> float:
    """The chance that a positive scores above a negative, ties counted half; ``scores`` and ``positive`` ``(n,)``."""
    order = np.argsort(scores, kind="stable")
    values, start = np.unique(scores[order], return_index=True)
    ends = np.append(start[1:], len(scores))
    middle = (start + 1 + ends) / 2
    ranks = np.empty(len(scores))
    ranks[order] = middle[np.searchsorted(values, scores[order])]
    n_positive = int(positive.sum())
    above = ranks[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(above / (n_positive * (len(scores) - n_positive)))


def _log_loss(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(log_sums - shifted[np.arange(len(targets)), targets]))


def _ratio(part: Any, whole: Any) -> float | None:
    return round(float(part) / float(whole), 6) if whole else None
