"""Dark pictures, as a longer exposure would show them: what networks learned in the light they tell in the dark too."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.values import Image

BRIGHT_ENOUGH = 120.0
"""A picture of this mean value, of 255, gets no brighter: it lacks contrast, but not light."""

LARGEST_GAIN = 16.0
"""With less light than this makes up for, a picture has a dozen levels left, and its noise."""

FRAME_CONTRAST = 35.0
"""Below this standard deviation, in levels, a frame may be dark: of photos in the light 98 in 100 have more."""

LEAST_SEEN = 2.5
"""Averaged down to :data:`SAMPLES`, a frame of a lower standard deviation, in levels, shows but its sensor's noise, as
behind a covered lens: brighter, that noise would hold a face now and then."""

SAMPLES = (40, 30)
"""By so many pixels of a frame, across and down, its light and contrast are judged."""


def brightened(pixels: Image, least_contrast: float) -> Image:
    """``pixels`` ``(height, width, channels)`` uint8, brighter if they are dark; else themselves.

    All values grow by one factor, so far that their standard deviation (the mean over the channels) reaches
    ``least_contrast``, or their mean :data:`BRIGHT_ENOUGH`.
    """
    return _exposed(pixels, _gain(pixels, least_contrast))


def frame_in_light(frame: Image, out: Image | None = None) -> Image:
    """A frame or photo ``(height, width, 3)``, brighter if it is dark, which is in ``out`` if given; else itself.

    A bright window or lamp in it leaves it as it is: then only the crops that are dark get brighter.  So does a lens
    that is covered.
    """
    gain = _gain(_samples(frame, cv2.INTER_NEAREST), FRAME_CONTRAST)
    if gain <= 1 or _light(_samples(frame, cv2.INTER_AREA))[1] < LEAST_SEEN:
        return frame
    return _exposed(frame, gain, out)


class Darkroom:
    """Brings the frames of a stream into the light, all dark ones in one buffer: each is there until the next."""

    def __init__(self) -> None:
        self._buffer: Image | None = None

    def in_light(self, frame: Image) -> Image:
        """As :func:`frame_in_light`; what it gave for a dark frame before is overwritten."""
        seen = frame_in_light(frame, self._buffer)
        if seen is not frame:
            self._buffer = seen
        return seen


def _samples(frame: Image, interpolation: int) -> Image:
    return np.asarray(cv2.resize(frame, SAMPLES, interpolation=interpolation), np.uint8)


def _gain(pixels: Image, least_contrast: float) -> float:
    mean, deviation = _light(pixels)
    return min(least_contrast / max(deviation, 1e-3), BRIGHT_ENOUGH / max(mean, 1e-3), LARGEST_GAIN)


def _light(pixels: Image) -> tuple[float, float]:
    """Mean and standard deviation, in levels; each the mean over the channels."""
    mean, deviation = cv2.meanStdDev(pixels)
    return _mean_of(mean), _mean_of(deviation)


def _mean_of(channels: NDArray[np.float64]) -> float:
    """Of a few numbers; ten times as fast as numpy's, and this is asked of every crop of every frame."""
    values: list[float] = channels.ravel().tolist()
    return sum(values) / len(values)


def _exposed(pixels: Image, gain: float, out: Image | None = None) -> Image:
    if gain <= 1:
        return pixels
    return np.asarray(cv2.convertScaleAbs(pixels, out, gain), np.uint8).reshape(pixels.shape)
