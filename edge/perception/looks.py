"""How a classifier looks at a crop: at its middle, brightened in the dark, and, where unsure, at the mirror image too.

In a stream it has looked a moment ago.  There the second look is the last one, and the next look is at the other side:
two looks for the price of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.inference.manifest import InputSpec
from edge.values import Image
from edge.vision.crops import to_colour
from edge.vision.exposure import brightened

Pixels = NDArray[np.uint8]
Logits = NDArray[np.float32]

RECENT_SECONDS = 0.25
"""A look counts as the second one for so long: what a hand or a face shows hardly changes meanwhile."""


class Glance(NamedTuple):
    """One look of a stream, at ``t`` seconds: logits ``(1, k)`` of a crop or of its mirror image.

    ``unsure``: it leaves the best label too little ahead of the next.
    """

    t: float
    mirrored: bool
    logits: Logits
    unsure: bool


def middle_of(crop: Image, spec: InputSpec) -> Pixels:
    """What a network is shown of a BGR crop: all but its margin, ``(height, width, channels)`` in its colours.

    In the dark it is brighter than the camera saw it.
    """
    top, (_, height, width, _) = spec.margin, spec.shape
    middle = to_colour(crop, spec.colour)[top : top + height, top : top + width]
    return brightened(middle, spec.least_contrast) if spec.least_contrast else middle


def look(run: Callable[[Pixels], Logits], pixels: Pixels, spec: InputSpec) -> Logits:
    """The logits ``(n, k)`` that ``run`` gives for crops without margin, ``(n, height, width, channels)``.

    Of those whose best logit leads by too little, the mean of their own and of their mirror image's.
    """
    logits = run(pixels)
    if not spec.second_look_below:
        return logits
    unsure = lead(logits) < spec.second_look_below
    if not unsure.any():
        return logits
    both = (logits + run(_mirrored(pixels))) / 2
    return np.asarray(np.where(unsure[:, None], both, logits), np.float32)


def look_on(
    run: Callable[[Pixels], Logits], pixels: Pixels, spec: InputSpec, last: Glance | None, t: float
) -> tuple[Logits, Glance]:
    """As :func:`look`, for one crop of a stream, ``(1, height, width, channels)``; and the look to tell the next call.

    ``last`` is the one of an earlier frame at the same thing, if there was one.
    """

    def glance(mirrored: bool) -> Glance:
        logits = run(_mirrored(pixels) if mirrored else pixels)
        return Glance(t, mirrored, logits, bool(lead(logits)[0] < spec.second_look_below))

    if last and not 0 <= t - last.t <= RECENT_SECONDS:
        last = None
    now = glance(mirrored=last is not None and last.unsure and not last.mirrored)
    if not now.unsure:
        return now.logits, now
    other = last if last and last.mirrored != now.mirrored else glance(not now.mirrored)
    return np.asarray((now.logits + other.logits) / 2, np.float32), now


def _mirrored(pixels: Pixels) -> Pixels:
    return pixels[:, :, ::-1]


def lead(logits: Logits) -> Logits:
    """How far the best of ``(n, k)`` logits lies before the next, ``(n,)``.

    >>> lead(np.array([[1.0, 4.0, 2.5]], dtype=np.float32)).tolist()
    [1.5]
    """
    best = np.partition(logits, -2, axis=1)
    return np.asarray(best[:, -1] - best[:, -2], np.float32)
