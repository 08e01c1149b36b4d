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
"""OpenCV warps no wider or higher image."""

SAMPLING = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
"""How pixels are read through a matrix from crop to image."""


class Mipmap:
    """``image`` ``(height, width, 3)`` uint8 and its halves.  Don't change the image while the mipmap is in use."""

    def __init__(self, image: Image) -> None:
        self._halves = [image]
        self._finest = max(0, ceil(log2(max(image.shape[:2]) / MAX_SIDE_PX)))

    @classmethod
    def of(cls, image: Image | Mipmap) -> Mipmap:
        """The mipmap of ``image``, which it may be already."""
        return image if isinstance(image, Mipmap) else cls(image)

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

    def resized(self, width: int, height: int, out: Image | None = None) -> Image:
        """The whole image as ``(height, width, 3)``, which is ``out`` if given."""
        source = self.half(octave_for(min(self.height / height, self.width / width)))
        return cv2.resize(source, (width, height), out, interpolation=cv2.INTER_LINEAR)

    def cut(self, boxes: Boxes, size: int) -> NDArray[np.uint8]:
        """What each of ``boxes`` ``(n, 4)`` shows, stretched to ``(n, size, size, 3)`` uint8.

        Past the image the nearest border pixel is repeated.  They are the pictures of
        :func:`edge.vision.crops.upright_crop`, one by one.
        """
        crops = np.empty((len(boxes), size, size, 3), dtype=np.uint8)
        sources: dict[int, tuple[Image, float, float]] = {}
        matrix = np.zeros((2, 3))
        for crop, (x1, y1, x2, y2) in zip(crops, boxes.tolist(), strict=True):
            octave = octave_for(max(x2 - x1, y2 - y1, size) / size)
            if octave not in sources:
                sources[octave] = self.scaled(octave)
            source, across, down = sources[octave]
            step_x, step_y = (x2 - x1) * across / size, (y2 - y1) * down / size
            matrix[0, 0], matrix[1, 1] = step_x, step_y
            # OpenCV counts from pixel centres: index 0 is the point 0.5.
            matrix[0, 2], matrix[1, 2] = x1 * across + 0.5 * step_x - 0.5, y1 * down + 0.5 * step_y - 0.5
            cv2.warpAffine(source, matrix, (size, size), crop, SAMPLING, cv2.BORDER_REPLICATE)
        return crops

    def scaled(self, octave: int) -> tuple[Image, float, float]:
        """The image halved ``octave`` times, or as often as OpenCV needs it to be, and its shares of both sides."""
        source = self.half(max(octave, self._finest))
        return source, source.shape[1] / self.width, source.shape[0] / self.height


def octave_for(shrink: float) -> int:
    """How often an image may be halved before it is smaller than ``1 / shrink`` of itself."""
    return floor(log2(shrink)) if shrink >= 2 else 0
