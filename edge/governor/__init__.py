"""Keeps the device within its frame rate, its share of the processor and its temperature, by trying less hard."""

from edge.governor.governed import Governed
from edge.governor.settings import LEAST_RATE_HZ, PerformanceSettings

__all__ = ["LEAST_RATE_HZ", "Governed", "PerformanceSettings"]
