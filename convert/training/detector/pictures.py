"""The pictures of a training in memory, and how often each is shown."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.data.scenes import Scene
from convert.training.detector.recipe import SourceTable
from convert.training.detector.tiles import Annotated
from convert.training.scenes.sources import Source
from edge.vision.mipmap import Mipmap

KEPT_PX = 512
"""Larger pictures are reduced to this longer side when they are read: a canvas shows no more of them."""


def read_pictures(sources: Sequence[Source[SourceTable]]) -> tuple[list[Annotated], NDArray[np.float64]]:
    """All training pictures, decoded, and the chance ``(n,)`` of each: its source's weight, shared evenly."""
    pictures: list[Annotated] = []
    chances: list[float] = []
    for source in sources:
        bar = tqdm(source.train, desc=f"reading {source.name}", unit="picture", disable=None, leave=False)
        pictures += [_read(scene) for scene in bar]
        chances += [source.table.weight / len(source.train)] * len(source.train)
    return pictures, np.array(chances) / sum(chances)


def _read(scene: Scene) -> Annotated:
    image = scene.read()
    height, width = image.shape[:2]
    zoom = min(KEPT_PX / max(height, width), 1.0)
    if zoom < 1:
        size = (round(width * zoom), round(height * zoom))
        image, scene = cv2.resize(image, size, interpolation=cv2.INTER_AREA), scene.zoomed(zoom)  # type: ignore[assignment]
    return Annotated(Mipmap(image), scene.boxes, scene.unsure, scene.complete)
