"""Figures of a classifier, from its scores and the true classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.evaluate.calibration import calibration_figures, log_loss
from convert.evaluate.figures import interval, mean, ratio, rounded
from convert.evaluate.roc import Roc, roc_curve
from edge.perception.classifier import softmax


def classification_figures(
    scores: NDArray[np.float32], targets: NDArray[np.int64], labels: Sequence[str]
) -> dict[str, Any]:
    """Accuracy, precision and recall of each class, and the confusion matrix.

    ``scores`` ``(n, k)`` logits or probabilities, ``targets`` ``(n,)`` indices into the ``k`` ``labels``.
    ``per_class`` names the classes that occur in ``targets``; a precision is None for a class that was never found.
    ``balanced_accuracy`` is the mean of their recalls, which a frequent class can't carry by itself.
    Row *i*, column *j* of ``confusion`` counts inputs of class *i* taken for class *j*, in the order of ``labels``.
    """
    confusion = confusion_matrix(targets, scores.argmax(axis=1), len(labels))
    right, given, found = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    per_class = {
        label: {"precision": ratio(right[i], found[i]), "recall": ratio(right[i], given[i]), "n": int(given[i])}
        for i, label in enumerate(labels)
        if given[i]
    }
    return {
        "accuracy": ratio(right.sum(), len(targets)),
        "accuracy_interval": interval(int(right.sum()), len(targets)),
        "balanced_accuracy": mean(right[given > 0] / given[given > 0]),
        "per_class": per_class,
        "confusion": {"labels": list(labels), "matrix": confusion.tolist()},
    }


def probability_figures(
    logits: NDArray[np.float32], targets: NDArray[np.int64], labels: Sequence[str], temperature: float
) -> dict[str, Any]:
    """:func:`classification_figures` and what the probabilities, the softmax of logits over ``temperature``, are worth.

    A class's ``roc`` and ``auc`` tell it from all others by its probability; ``auc`` overall is the mean over the
    classes.  None or left out where the data hold one class only.
    """
    figures = classification_figures(logits, targets, labels)
    probabilities = softmax(logits / np.float32(temperature))
    curves = _curves(probabilities, targets, labels)
    for label, row in figures["per_class"].items():
        row["auc"] = rounded(curves[label].area) if label in curves else None
    calibration = calibration_figures(logits, targets, temperature)
    return {
        "accuracy": figures.pop("accuracy"),
        "accuracy_interval": figures.pop("accuracy_interval"),
        "balanced_accuracy": figures.pop("balanced_accuracy"),
        "auc": mean([curve.area for curve in curves.values()]),
        "ece": calibration["ece"],
        "log_loss": rounded(log_loss(logits / np.float32(temperature), targets)),
        **figures,
        "calibration": calibration,
        "roc": {label: curve.figures() for label, curve in curves.items()},
    }


def confusion_matrix(targets: NDArray[np.int64], found: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """``(classes, classes)``: how often class *i* (row) was taken for class *j* (column)."""
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (targets, found), 1)
    return matrix


def _curves(probabilities: NDArray[np.float32], targets: NDArray[np.int64], labels: Sequence[str]) -> dict[str, Roc]:
    """The curve of each class that the data can give one for."""
    curves = {label: roc_curve(probabilities[:, i], targets == i) for i, label in enumerate(labels)}
    return {label: curve for label, curve in curves.items() if curve is not None}
