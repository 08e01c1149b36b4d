"""From MediaPipe's relative coordinates to pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.values import Image


def process(network: Any, image: Image) -> Any:
    """Show a BGR ``image`` ``(height, width, 3)`` to one of MediaPipe's networks."""
    return network.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def to_pixels(landmarks: Any, image: Image) -> NDArray[np.float64]:
    """MediaPipe's ``landmarks`` in pixels, ``(n, 2)`` x, y."""
    height, width = image.shape[:2]
    return np.array([(point.x * width, point.y * height) for point in landmarks])


def hull(points: NDArray[np.floating]) -> NDArray[np.floating]:
    """The bounds ``(4,)`` x1, y1, x2, y2 of points ``(n, 2)``."""
    return np.concatenate([points.min(axis=0), points.max(axis=0)])
