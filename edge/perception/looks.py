"""How a classifier looks at a crop: at its middle and, where that leaves it unsure, at the mirror image too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge.inference.manifest import InputSpec
from edge.values import Image
from edge.vision.crops import to_colour

Pixels = NDArray[np.uint8]
Logits = NDArray[np.float32]


def middle_of(crop: Image, spec: InputSpec) -> Pixels:
    """What a network is shown of a BGR crop: all but its margin, ``(height, width, channels)`` in its colours."""
    top, (_, height, width, _) = spec.margin, spec.shape
    return to_colour(crop, spec.colour)[top : top + height, top : top + width]


def look(run: Callable[[Pixels], Logits], pixels: Pixels, spec: InputSpec) -> Logits:
    """The logits ``(n, k)`` that ``run`` gives for crops without margin, ``(n, height, width, channels)``.

    Of those whose best logit leads by too little, the mean of their own and of their mirror image's.
    """
    logits = run(pixels)
    unsure = lead(logits) < spec.second_look_below
    if not unsure.any():
        return logits
    both = (logits + run(pixels[:, :, ::-1])) / 2
    return np.asarray(np.where(unsure[:, None], both, logits), np.float32)


def lead(logits: Logits) -> Logits:
    """How far the best of ``(n, k)`` logits lies before the next, ``(n,)``.

    >>> lead(np.array([[1.0, 4.0, 2.5]], dtype=np.float32)).tolist()
    [1.5]
    """
    *_, second, best = np.partition(logits, -2, axis=1).T
    return np.asarray(best - second, np.float32)
