"""The portrait come alive: it moves and turns its head and lowers its eyelids."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.camera.demo.errors import DemoPortraitError
from edge.camera.demo.eyelids import Eye, Eyelids
from edge.values import Image

WIDTH, HEIGHT = 640, 480
_PORTRAIT = "astronaut.jpg"
_ENLARGED = 1.6

_EYES = (
    (
        ((195.1, 95.8), (197.2, 94.0), (199.4, 92.8), (202.9, 92.2), (206.5, 92.8), (209.9, 94.6), (213.2, 98.3)),
        ((195.1, 95.8), (197.7, 98.2), (199.8, 99.0), (203.2, 99.5), (206.7, 99.4), (210.2, 99.1), (213.2, 98.5)),
    ),
    (
        ((237.0, 99.6), (238.8, 97.4), (241.2, 95.5), (244.8, 94.4), (248.4, 94.5), (251.9, 95.7), (256.0, 98.4)),
        ((237.0, 99.6), (238.9, 100.2), (240.5, 100.7), (243.5, 101.4), (246.9, 101.6), (250.2, 101.5), (256.0, 98.6)),
    ),
)
"""Upper and lower lid of the left and the right eye, pixels of the portrait."""

_HEAD_CENTRE = (355.0, 165.0)
_HEAD_RADII = (125.0, 155.0)
_FALLOFF = 1.55
_CELL_PX = 8
_LID_STEPS = 8


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Shift in pixels, ``scale`` (1 as in the portrait), ``roll`` in radians, ``yaw`` as the nose's shift in pixels."""

    x: float
    y: float
    scale: float
    roll: float
    yaw: float


def _read_portrait() -> Image:
    data = resources.files(__package__).joinpath(_PORTRAIT).read_bytes()
    portrait = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if portrait is None:
        raise DemoPortraitError(
            f"demo scene: {_PORTRAIT} must be a JPEG image. Received {len(data)} bytes that decode to none. "
            "Install the package again."
        )
    return np.asarray(cv2.resize(portrait, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


class _HeadWarp:
    """Moves the head by a smooth displacement that fades to nothing around it.

    Displacements are computed on a grid of ``_CELL_PX`` cells, one more than needed on every side, and
    interpolated; a turn shifts each point by
    its depth on an ellipsoid, so that the nose moves further than the ears.
    """

    def __init__(self) -> None:
        (cx, cy), (rx, ry) = _HEAD_CENTRE, _HEAD_RADII
        x1, y1 = max(0, round(cx - rx * _FALLOFF)), max(0, round(cy - ry * _FALLOFF))
        x2, y2 = min(WIDTH, round(cx + rx * _FALLOFF)), min(HEIGHT, round(cy + ry * _FALLOFF))
        self.rows, self.columns = slice(y1, y2), slice(x1, x2)
        cells = (-(-(x2 - x1) // _CELL_PX) + 2, -(-(y2 - y1) // _CELL_PX) + 2)
        self._size = (cells[0] * _CELL_PX, cells[1] * _CELL_PX)
        self._inner = (slice(_CELL_PX, _CELL_PX + y2 - y1), slice(_CELL_PX, _CELL_PX + x2 - x1))
        self._columns = x1 + (np.arange(cells[0], dtype=np.float32)[None] - 0.5) * _CELL_PX - 0.5
        self._rows = y1 + (np.arange(cells[1], dtype=np.float32)[:, None] - 0.5) * _CELL_PX - 0.5
        x, y = self._columns - cx, self._rows - cy
        radius = np.hypot(x / rx, y / ry)
        share = np.clip((_FALLOFF - radius) / (_FALLOFF - 0.85), 0, 1)
        self._moved = np.asarray(share * share * (3 - 2 * share), np.float32)
        face = np.clip(1 - (x / (0.62 * rx)) ** 2 - ((y - 18) / (0.75 * ry)) ** 2, 0, 1)
        self._depth = cv2.GaussianBlur(np.sqrt(face).astype(np.float32), (0, 0), 1.0)
        self._x, self._y = x, y

    def __call__(self, picture: Image, pose: HeadPose) -> Image:
        """The part ``rows``, ``columns`` of ``picture`` with the head in ``pose``."""
        grow = 1 - 1 / pose.scale
        dx = self._moved * (pose.x + grow * self._x - pose.roll * self._y) + pose.yaw * self._depth
        dy = self._moved * (pose.y + grow * self._y + pose.roll * self._x)
        columns, rows = (
            cv2.resize(source.astype(np.float32), self._size, interpolation=cv2.INTER_LINEAR)[self._inner]
            for source in (self._columns - dx, self._rows - dy)
        )
        return np.asarray(cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8)


class Portrait:
    """The portrait as a picture of 640×480 pixels; it keeps one picture with the lids of the last call."""

    def __init__(self) -> None:
        self._picture = _read_portrait()
        self._lids = [Eyelids(self._picture, _eye(upper, lower)) for upper, lower in _EYES]
        steps = np.linspace(0, 1, _LID_STEPS)
        self._patches: list[list[NDArray[np.uint8]]] = [[lids.patch(c) for c in steps.tolist()] for lids in self._lids]
        self._warp = _HeadWarp()

    def draw(self, pose: HeadPose, closure: float) -> Image:
        """A new ``(480, 640, 3)`` BGR picture with the head in ``pose`` and the lids ``closure`` (0 to 1) down."""
        step = round(closure * (_LID_STEPS - 1))
        for lids, patches in zip(self._lids, self._patches, strict=True):
            self._picture[lids.rows, lids.columns] = patches[step]
        frame = self._picture.copy()
        frame[self._warp.rows, self._warp.columns] = self._warp(self._picture, pose)
        return frame


def _eye(upper: tuple[tuple[float, float], ...], lower: tuple[tuple[float, float], ...]) -> Eye:
    return Eye(np.array(upper, np.float32) * _ENLARGED, np.array(lower, np.float32) * _ENLARGED)
