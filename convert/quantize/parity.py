"""How far an int8 network strays from its float one, output by output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Parity:
    """The difference of one output, int8 less float, over all inputs and values.

    ``relative_error`` is the root mean square error over the float output's standard deviation;
    ``same_choice`` is the share of inputs whose largest value stands at the same place in both.
    """

    output: str
    largest_error: float
    root_mean_square_error: float
    relative_error: float
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
        root_mean_square_error=rms,
        relative_error=rms / spread if spread > 0 else float(rms > 0),
        same_choice=float(np.mean(expected.argmax(axis=-1) == found.argmax(axis=-1))),
    )
