"""Windows that the stages so far let through: the hard examples of the next stage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convert.data.scenes import Scene
from convert.training.cascade.samples import NEGATIVE_IOU, PART, POSITIVE, Samples, label
from convert.training.cascade.windows import Cutter, Windows, covers, upright
from convert.training.scenes.judge import Search
from edge.vision.boxes import iou, squarify

_UNSURE = 0.2
"""A window that shares more than this with an unsure region says nothing."""


def mine(
    search: Search, image: NDArray[np.uint8], scene: Scene, size: int, most: int, rng: np.random.Generator
) -> list[Samples]:
    """Label what ``search`` finds in a scene's ``image`` ``(h, w, 3)`` uint8 BGR; at most ``most`` negatives."""
    found = search(image)
    if not len(found.boxes):
        return []
    squares = squarify(found.boxes)
    windows = upright((squares[:, :2] + squares[:, 2:]) / 2, squares[:, 2] - squares[:, 0])
    windows = Windows(windows.centre, windows.side, windows.angle, rng.random(len(windows)) < 0.5)
    cutter = Cutter(np.ascontiguousarray(image[:, :, ::-1]), size)
    overlaps = iou(squares, squarify(scene.boxes)) if len(scene.boxes) else np.zeros((len(squares), 1), np.float32)
    parts = [_negatives(cutter, windows, overlaps.max(1), scene, most)]
    if len(scene.boxes):
        parts += _on_objects(cutter, windows, overlaps, scene)
    return parts


def _negatives(cutter: Cutter, windows: Windows, overlap: NDArray[np.float32], scene: Scene, most: int) -> Samples:
    """Take the best-scored windows (they come first) that hold no object for certain."""
    sure = covers(windows, scene.unsure) <= _UNSURE
    if not scene.complete:
        sure &= covers(windows, scene.boxes) > 0
    chosen = np.flatnonzero(sure & (overlap < NEGATIVE_IOU))[:most]
    return Samples.negatives(cutter.cut(windows.take(chosen)))


def _on_objects(cutter: Cutter, windows: Windows, overlaps: NDArray[np.float32], scene: Scene) -> list[Samples]:
    parts = []
    nearest = overlaps.argmax(1)
    for index, box in enumerate(scene.boxes):
        near = np.flatnonzero((nearest == index) & (overlaps[:, index] >= NEGATIVE_IOU))
        points = None if scene.landmarks is None else scene.landmarks[index]
        kind, edges, landmarks = label(windows.take(near), box, points)
        keep = np.flatnonzero((kind == POSITIVE) | (kind == PART))
        crops = cutter.cut(windows.take(near[keep]))
        parts.append(Samples(crops, kind[keep], edges[keep], landmarks[keep], np.full(len(keep), points is not None)))
    return parts
