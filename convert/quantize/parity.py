"""How far an int8 network strays from its float one, output by output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Parity:
    """The difference of one output, int8 less float, over all inputs and values.

    ``mean_error`` is that of the absolute errors; ``relative_error`` is the root mean square error over the float
    output's standard deviation; ``cosine`` is the mean over the inputs of the cosine between the two outputs;
    ``same_choice`` is the share of inputs whose largest value stands at the same place in both.
    """

    output: str
    largest_error: float
    mean_error: float
    root_mean_square_error: float
    relative_error: float
    cosine: float
    same_choice: float


def compare(
    expected: Mapping[str, NDArray[np.float32]], found: Mapping[str, NDArray[np.float32]]
) -> tuple[Parity, ...]:
    """Compare outputs of the same names and shapes ``(n, …, channels)``."""
    return tuple(_compare(name, expected[name], found[name]) for name in expected)


def _compare(name: str, expected: NDArray[np.float32], found: NDArray[np.float32]) -> Parity:
    error = found.astype(np.float64) - expected
    rms = float(np.sqrt(np.mean(error**2)))
    # The spread is that of each channel by itself: outputs of one head can have quite different means.
    spread = float(np.sqrt(np.mean(expected.reshape(-1, expected.shape[-1]).astype(np.float64).var(axis=0))))
    return Parity(
        output=name,
        largest_error=float(np.abs(error).max()),
        mean_error=float(np.abs(error).mean()),
        root_mean_square_error=rms,
        relative_error=rms / spread if spread > 0 else float(rms > 0),
        cosine=_cosine(expected, found),
        same_choice=float(np.mean(expected.argmax(axis=-1) == found.argmax(axis=-1))),
    )


def _cosine(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """The mean over the inputs; 1 for two zero vectors, 0 where only one is zero."""
    a, b = (values.reshape(len(values), -1).astype(np.float64) for values in (expected, found))
    products, norms = (a * b).sum(axis=1), np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    same = (a == b).all(axis=1)
    return float(np.where(same, 1.0, products / np.where(norms > 0, norms, 1)).mean())
