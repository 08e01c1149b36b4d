"""Random parts of annotated pictures, turned, mirrored and scaled, with their boxes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.scenes import Floats, no_boxes
from convert.training.detector.recipe import CanvasTable
from edge.values import Image
from edge.vision.boxes import areas, clip
from edge.vision.mipmap import Mipmap

SEEN = 0.4
"""An object of which less is in the tile is neither an object nor background."""

MAX_ZOOM = 2.5
"""A picture is never enlarged by more: it shows nothing that a camera would."""

LEAST_FILLED = 0.8
"""Side of a whole picture, in sides of its tile: much less would leave the tile empty."""

NEAR_AN_OBJECT = 0.9
"""So often a tile of a picture with objects shows one of them; else any part of it."""


@dataclass(frozen=True)
class Annotated:
    """A ``picture``, BGR, with the ``boxes`` ``(n, 4)`` of its objects and ``unsure`` regions ``(m, 4)``, in pixels.

    ``complete``: outside of both there is no object.
    """

    picture: Mipmap
    boxes: Floats
    unsure: Floats
    complete: bool


@dataclass(frozen=True)
class Tile:
    """What a tile shows: ``image`` ``(h, w, 3)`` uint8 BGR, and the rest as of :class:`Annotated`."""

    image: Image
    boxes: Floats
    unsure: Floats
    complete: bool


def draw_tile(source: Annotated, width: int, height: int, table: CanvasTable, rng: np.random.Generator) -> Tile:
    """A random part of ``source``, ``width`` × ``height`` pixels.

    Objects are shown at all sizes from the table's smallest to what fits, each order of magnitude as often as another.
    """
    picture = source.picture
    scales = width / picture.width, height / picture.height
    whole = np.sqrt(scales[0] * scales[1])
    if len(source.boxes) and rng.random() < NEAR_AN_OBJECT:
        box = source.boxes[rng.integers(len(source.boxes))]
        side = float(np.max(box[2:] - box[:2]))
        largest = min(table.largest_px, 0.95 * min(width, height), MAX_ZOOM * side)
        smallest = max(table.smallest_px, LEAST_FILLED * whole * side)
        zoom = _log_uniform(smallest, max(largest, smallest), rng) / side
    else:
        box = np.zeros(4, np.float32)
        zoom = min(max(scales) * _log_uniform(LEAST_FILLED, MAX_ZOOM, rng), MAX_ZOOM)
    linear = _linear(zoom, table, rng)
    centre = (box[:2] + box[2:]) / 2 if box.any() else rng.uniform((0, 0), (picture.width, picture.height))
    target = _place(linear, box, (width, height), rng)
    offset = _without_border(linear, target - linear @ centre, picture, (width, height))
    return _warp(source, np.column_stack([linear, offset]), width, height)


def _linear(zoom: float, table: CanvasTable, rng: np.random.Generator) -> NDArray[np.float64]:
    """``(2, 2)``: turn, stretch, mirror and scale of offsets in the picture."""
    degrees = table.rotate_degrees * rng.uniform(-1, 1) * (rng.random() < 0.7)
    if table.turned and rng.random() < table.turned:
        degrees += 90 * rng.integers(1, 4)
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    stretch = (1 + table.stretch * rng.uniform(-1, 1)) ** 0.5
    flip = -1.0 if table.mirror and rng.random() < 0.5 else 1.0
    return zoom * np.array([[flip * cos * stretch, -sin * stretch], [flip * sin / stretch, cos / stretch]])


def _place(
    linear: NDArray[np.float64], box: Floats, size: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Where in the tile the centre of ``box`` comes to lie: mostly with the whole box inside."""
    half = np.sqrt(linear**2 @ ((box[2:] - box[:2]) / 2) ** 2)
    margin = half if rng.random() < 0.85 else 0.3 * half
    margin = np.minimum(margin, np.array(size) / 2)
    return rng.uniform(margin, np.array(size) - margin)


def _without_border(
    linear: NDArray[np.float64], offset: NDArray[np.float64], picture: Mipmap, size: tuple[int, int]
) -> NDArray[np.float64]:
    """``offset`` moved so that the picture covers the tile, as far as it is large enough to."""
    width, height = picture.width, picture.height
    corners = linear @ np.array([[0, width, 0, width], [0, 0, height, height]], np.float64) + offset[:, None]
    low, high = corners.min(axis=1), corners.max(axis=1)
    spare = np.maximum(high - low - size, 0)
    return offset + np.where(spare > 0, np.clip(0.0, np.array(size) - high, -low), 0.0)


def _warp(source: Annotated, matrix: NDArray[np.float64], width: int, height: int) -> Tile:
    octave = max(int(-np.log2(np.abs(np.linalg.det(matrix[:, :2]))) / 2), 0)
    image = source.picture.half(octave)
    scaled = matrix.copy()
    scaled[:, :2] *= source.picture.width / image.shape[1], source.picture.height / image.shape[0]
    scaled[:, 2] += 0.5 * scaled[:, :2].sum(axis=1) - 0.5  # OpenCV counts from pixel centres
    border = image[0, 0].tolist()
    shown = cv2.warpAffine(image, scaled, (width, height), flags=cv2.INTER_LINEAR, borderValue=border)
    boxes, hidden = _seen(_moved(source.boxes, matrix), width, height)
    unsure = clip(_moved(source.unsure, matrix), width, height)
    unsure = np.concatenate([unsure[areas(unsure) > 0], hidden])
    return Tile(shown, boxes, unsure, source.complete)  # type: ignore[arg-type]


def _moved(boxes: Floats, matrix: NDArray[np.float64]) -> Floats:
    """``boxes`` ``(n, 4)`` after the affine ``matrix`` ``(2, 3)``: a turned box is bounded as the ellipse in it is."""
    if not len(boxes):
        return no_boxes()
    centres, halves = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    linear = matrix[:, :2]
    middles = centres @ linear.T + matrix[:, 2]
    extents = np.sqrt(halves**2 @ (linear**2).T)
    return np.concatenate([middles - extents, middles + extents], axis=1).astype(np.float32)


def _seen(boxes: Floats, width: int, height: int) -> tuple[Floats, Floats]:
    """The parts of ``boxes`` in the tile: of those that are seen well enough, and of the others."""
    parts = clip(boxes, width, height)
    shares = areas(parts) / np.maximum(areas(boxes), 1e-6)
    return parts[shares >= SEEN], parts[(shares > 0) & (shares < SEEN)]


def _log_uniform(low: float, high: float, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
