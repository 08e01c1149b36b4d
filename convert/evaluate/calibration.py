"""Whether a classifier's probabilities are honest: of what it is 80 % sure, 80 % should be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.evaluate.figures import rounded
from edge.perception.classifier import softmax

BINS = 15
"""Equally wide bins of confidence, as in Guo et al. (2017)."""

TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(5.0), 323))
"""The temperatures tried, each one per cent above the one before."""


@dataclass(frozen=True)
class Reliability:
    """Bins of confidence ``(b,)``: the mean confidence and the share of right answers in each, and how many fell in.

    Empty bins are left out.
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def error(self) -> float:
        """The expected calibration error (ECE): the mean distance of confidence and accuracy, weighted by count."""
        return float(np.average(np.abs(self.confidence - self.accuracy), weights=self.counts))

    def figures(self) -> dict[str, list[Any]]:
        """The bins as a result holds them."""
        return {
            "confidence": np.round(self.confidence, 4).tolist(),
            "accuracy": np.round(self.accuracy, 4).tolist(),
            "n": self.counts.tolist(),
        }


def reliability(probabilities: NDArray[np.floating[Any]], targets: NDArray[np.int64]) -> Reliability:
    """Bin the answers by the probability of the class found; ``probabilities`` ``(n, k)``, ``targets`` ``(n,)``."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == targets
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    used = counts > 0
    return Reliability(
        np.bincount(bins, confidence, BINS)[used] / counts[used],
        np.bincount(bins, right, BINS)[used] / counts[used],
        counts[used],
    )


def fit_temperature(logits: NDArray[np.floating[Any]], targets: NDArray[np.int64]) -> float:
    """The divisor of the logits that makes the true classes most probable (Guo et al., 2017, "On Calibration of Modern
    Neural Networks"), to one part in a hundred, from 0.2 to 5.

    ``logits`` ``(n, k)``, ``targets`` ``(n,)``.
    """
    losses = [log_loss(logits / temperature, targets) for temperature in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 3)


def log_loss(logits: NDArray[np.floating[Any]], targets: NDArray[np.int64]) -> float:
    """The mean of minus the logarithm of the true class's probability, in nats."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(log_sums - shifted[np.arange(len(targets)), targets]))


def calibration_figures(logits: NDArray[np.float32], targets: NDArray[np.int64], temperature: float) -> dict[str, Any]:
    """How honest the probabilities are at the bundle's ``temperature``, at 1, and at what these data would choose.

    ``ece_refitted`` is measured on each half of the data with the temperature fitted on the other half; it is None
    where a half would be empty.
    """
    binned = reliability(softmax(logits / np.float32(temperature)), targets)
    return {
        "temperature": temperature,
        "ece": rounded(binned.error),
        "ece_at_1": rounded(reliability(softmax(logits), targets).error),
        "temperature_of_these_data": fit_temperature(logits, targets),
        "ece_refitted": rounded(_refitted_error(logits, targets)),
        "bins": binned.figures(),
    }


def _refitted_error(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float | None:
    if len(targets) < 2:
        return None
    probabilities = np.empty_like(logits)
    # Every second one: the data come sorted by class.
    for half in (slice(0, None, 2), slice(1, None, 2)):
        other = slice(1 - half.start, None, 2)
        probabilities[half] = softmax(logits[half] / np.float32(fit_temperature(logits[other], targets[other])))
    return reliability(probabilities, targets).error
