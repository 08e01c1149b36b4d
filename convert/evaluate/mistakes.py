"""The worst mistakes as pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.values import Box, Image
from edge.vision.crops import upright_crop

GREEN, RED = (80, 170, 40), (60, 60, 230)
"""BGR: what is true, and what was found or missed wrongly."""

PICTURE_PX = 160
"""The side of a picture cut out of a photo."""

CONTEXT = 2.2
"""The side of what is shown around an object, in longer sides of its box."""


@dataclass(frozen=True)
class Mistake:
    """One picture ``(height, width, 3)`` BGR: ``title`` says what went wrong, ``detail`` how far, ``name`` where."""

    image: Image
    title: str
    detail: str
    name: str


@dataclass(frozen=True)
class MistakeGroup:
    """Mistakes of one kind, the worst first."""

    title: str
    note: str
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class View:
    """A square piece of a photo, enlarged to :data:`PICTURE_PX`, to draw on in the photo's coordinates."""

    image: Image
    frame: Box

    @classmethod
    def around(cls, photo: Image, box: Box) -> View:
        """What lies around ``box``."""
        frame = box.square(CONTEXT)
        return cls(upright_crop(photo, frame, PICTURE_PX), frame)

    def box(self, box: NDArray[np.floating], colour: tuple[int, int, int]) -> View:
        """Draw the edges of ``box`` ``(4,)``."""
        x1, y1, x2, y2 = (self._scaled(np.asarray(box).reshape(2, 2))).reshape(-1).tolist()
        cv2.rectangle(self.image, (x1, y1), (x2, y2), colour, 2, cv2.LINE_AA)
        return self

    def points(self, points: NDArray[np.floating], colour: tuple[int, int, int]) -> View:
        """Draw dots at ``points`` ``(n, 2)``."""
        for x, y in self._scaled(points).tolist():
            cv2.circle(self.image, (x, y), 3, colour, -1, cv2.LINE_AA)
        return self

    def _scaled(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        corner = np.array([self.frame.x1, self.frame.y1])
        return np.rint((points - corner) * PICTURE_PX / self.frame.width).astype(np.int64)
