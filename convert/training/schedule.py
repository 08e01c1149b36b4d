"""The learning rate, step by step."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import keras
from keras import ops


@dataclass(frozen=True)
class WarmCosine(keras.optimizers.schedules.LearningRateSchedule):
    """From ``start`` in a straight line to ``peak``, then down half a cosine to ``end`` (Loshchilov & Hutter, 2017).

    ``warmup_steps`` of the first, 0 leaves it out, and ``decay_steps`` of the second; then it stays at ``end``.  Both
    are computed at every step, and one is chosen: TensorFlow takes seconds to trace Keras' own, which branches.
    """

    peak: float
    decay_steps: int
    warmup_steps: int = 0
    start: float = 0.0
    end: float = 0.0

    def __call__(self, step: Any) -> Any:
        """The rate at ``step``, counted from 0, as float32."""
        step = ops.cast(step, "float32")
        rising = self.start + step * ((self.peak - self.start) / max(self.warmup_steps, 1))
        angle = ops.clip((step - self.warmup_steps) * (math.pi / max(self.decay_steps, 1)), 0.0, math.pi)
        falling = (self.peak + self.end) / 2 + (self.peak - self.end) / 2 * ops.cos(angle)
        return ops.where(step < self.warmup_steps, rising, falling)

    def get_config(self) -> dict[str, float]:
        """What makes the same one again."""
        return asdict(self)
