"""Draws labelled windows at random from scenes: near their objects, and from their background."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.scenes import Scene
from convert.training.cascade.samples import NEGATIVE, PART, POSITIVE, POSITIVE_IOU, Samples, label, pick
from convert.training.cascade.windows import Cutter, Windows, anywhere, around, covers

_COVERED = 0.15
"""A background window may share this much with an object or an unsure region."""


@dataclass(frozen=True)
class Draw:
    """How many windows to draw from a scene, and how far they vary (see ``windows.around``).

    Positives vary by a third of ``reach`` and half of ``zoom``, and overlap their object by ``positive_iou`` at least.
    """

    positives: int
    parts: int
    near: int
    reach: float = 0.45
    zoom: float = 0.4
    turn: float = 0.3
    positive_iou: float = POSITIVE_IOU

    @property
    def wanted(self) -> dict[int, int]:
        """Counts by kind."""
        return {POSITIVE: self.positives, PART: self.parts, NEGATIVE: self.near}


def read_rgb(scene: Scene, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Read a scene's picture, RGB; one in four is compressed again as a poor camera would."""
    image = scene.read()
    if rng.random() < 0.25:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 60))]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)  # type: ignore[assignment]
    return np.ascontiguousarray(image[:, :, ::-1])


def softening(n: int, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Halvings of the resolution ``(n,)``: mostly none; two only where the smallest face stays 12 pixels wide."""
    twice = 0.1 if size >= 4 * 12 else 0.0
    return rng.choice(3, n, p=[0.8 - twice, 0.2, twice])


def near_objects(
    image: NDArray[np.uint8], scene: Scene, size: int, draw: Draw, rng: np.random.Generator
) -> Iterable[Samples]:
    """Draw windows on, partly on and beside each object of ``image`` ``(h, w, 3)`` uint8 RGB."""
    cutter = Cutter(image, size)
    for index, box in enumerate(scene.boxes):
        points = None if scene.landmarks is None else scene.landmarks[index]
        windows = _candidates(box, draw, rng)
        kind, edges, landmarks = label(windows, box, points, draw.positive_iou)
        others = np.delete(scene.boxes, index, axis=0)
        kind[covers(windows, np.concatenate([others, scene.unsure])) > _COVERED] = -2
        chosen = pick(kind, draw.wanted)
        crops = cutter.cut(windows.take(chosen), softening(len(chosen), size, rng))
        known = np.full(len(chosen), points is not None)
        yield Samples(crops, kind[chosen], edges[chosen], landmarks[chosen], known)


def background(
    image: NDArray[np.uint8], scene: Scene, size: int, n: int, smallest: float, rng: np.random.Generator
) -> Samples:
    """Draw up to ``n`` windows without an object from anywhere in a complete scene's ``image``, RGB."""
    windows = anywhere(image.shape[0], image.shape[1], n, smallest, rng)
    objects = np.concatenate([scene.boxes, scene.unsure])
    free = np.flatnonzero(covers(windows, objects) <= _COVERED)
    return Samples.negatives(Cutter(image, size).cut(windows.take(free)))


def _candidates(box: NDArray[np.float32], draw: Draw, rng: np.random.Generator) -> Windows:
    """Place enough windows that each kind is likely to have as many as wanted: near ones, then far ones."""
    near = around(box, 6 * draw.positives, draw.reach / 3, draw.zoom / 2, draw.turn, rng)
    middle = around(box, 6 * draw.parts, draw.reach, draw.zoom, draw.turn, rng)
    far = around(box, 2 * draw.near, 1.0, 1.0, draw.turn, rng)
    return concatenate([near, middle, far])


def concatenate(parts: list[Windows]) -> Windows:
    """Put windows one after the other."""
    return Windows(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("centre", "side", "angle", "mirrored"))
    )
