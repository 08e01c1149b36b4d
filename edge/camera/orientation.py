"""Turning and mirroring what a camera sees."""

from __future__ import annotations

from dataclasses import replace

import cv2

from edge.camera.source import Source, WrappedSource
from edge.values import Frame, Image

_ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class Oriented(WrappedSource):
    """Every frame of ``source``, turned clockwise and then, if asked, mirrored."""

    def __init__(self, source: Source, rotate_degrees: int, mirror: bool) -> None:
        super().__init__(source)
        self._rotate_degrees = rotate_degrees
        self._mirror = mirror

    def read(self) -> Frame | None:
        frame = super().read()
        return frame and replace(frame, image=orient(frame.image, self._rotate_degrees, self._mirror))


def orient(image: Image, rotate_degrees: int, mirror: bool) -> Image:
    """``image`` turned clockwise by 0, 90, 180 or 270 degrees, then its left and right swapped if ``mirror``."""
    if rotate_degrees:
        image = cv2.rotate(image, _ROTATIONS[rotate_degrees])
    return cv2.flip(image, 1) if mirror else image
