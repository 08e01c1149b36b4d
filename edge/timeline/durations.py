"""Comparing durations that were computed from timestamps."""

from __future__ import annotations

_ROUNDING_SECONDS = 1e-6
"""More than the rounding error of a difference of timestamps, far less than a frame: 45 frames of 1/30 s are 1.5 s."""


def reached(seconds: float, limit_seconds: float) -> bool:
    """Whether ``seconds`` is at least ``limit_seconds``, rounding errors aside."""
    return seconds >= limit_seconds - _ROUNDING_SECONDS
