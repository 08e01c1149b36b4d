"""One image at halved sizes (Williams 1983), so that shrinking it is cheap and does not alias.

Both detectors share one mipmap a frame: its halves are made once, when they are first needed.
"""

from __future__ import annotations

from math import ceil, floor, log2

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.values import Image
from edge.vision.boxes import Boxes

MAX_SIDE_PX = 32_766
"""OpenCV's remap takes no wider or higher image."""


class Mipmap:
    """``image`` ``(height, width, 3)`` uint8 and its halves.  Don't change the image while the mipmap is in use."""

    def __init__(self, image: Image) -> None:
        self._halves = [image]
        self._finest = max(0, ceil(log2(max(image.shape[:2]) / MAX_SIDE_PX)))

    @property
    def width(self) -> int:
        return self._halves[0].shape[1]

    @property
    def height(self) -> int:
        return self._halves[0].shape[0]

    def half(self, octave: int) -> Image:
        """The image halved ``octave`` times; never smaller than one pixel."""
        while len(self._halves) <= octave:
            last = self._halves[-1]
            size = (max(last.shape[1] // 2, 1), max(last.shape[0] // 2, 1))
            self._halves.append(cv2.resize(last, size, interpolation=cv2.INTER_AREA))
        return self._halves[octave]

    def resized(self, width: int, height: int) -> Image:
        """The whole image as ``(height, width, 3)``."""
        source = self.half(_octave(min(self.height / height, self.width / width)))
        return cv2.resize(source, (width, height), interpolation=cv2.INTER_LINEAR)

    def cut(self, boxes: Boxes, size: int) -> NDArray[np.uint8]:
        """What each of ``boxes`` ``(n, 4)`` shows, stretched to ``(n, size, size, 3)`` uint8.

        Past the image the nearest border pixel is repeated, as in :func:`edge.vision.crops.upright_crop`, which
        gives the same pictures up to the averaging where they shrink; this one is made for dozens at once.
        """
        crops = np.empty((len(boxes), size, size, 3), dtype=np.uint8)
        longest = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
        octaves = np.maximum(np.log2(np.maximum(longest / size, 1)).astype(int), self._finest)
        for octave in np.unique(octaves):
            chosen = np.flatnonzero(octaves == octave)
            crops[chosen] = self._sample(boxes[chosen], size, int(octave))
        return crops

    def _sample(self, boxes: Boxes, size: int, octave: int) -> NDArray[np.uint8]:
        source = self.half(octave)
        scale = np.array([source.shape[1] / self.width, source.shape[0] / self.height], dtype=np.float32)
        # The centre of pixel i of a crop is the point i + 0.5, that of pixel i of the source its index i.
        steps = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
        starts, sides = boxes[:, :2] * scale - np.float32(0.5), (boxes[:, 2:] - boxes[:, :2]) * scale
        points = starts[:, None] + steps[:, None] * sides[:, None]  # (n, size, 2)
        grid = np.empty((len(boxes), size, size, 2), dtype=np.float32)
        grid[..., 0] = points[:, None, :, 0]
        grid[..., 1] = points[:, :, None, 1]
        flat = grid.reshape(len(boxes) * size, size, 2)
        sampled = cv2.remap(source, flat, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return sampled.reshape(len(boxes), size, size, 3)


def _octave(shrink: float) -> int:
    """How often an image may be halved before it is smaller than ``1 / shrink`` of itself."""
    return max(floor(log2(shrink)), 0)
