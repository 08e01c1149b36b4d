"""A picture with its annotated objects, and the split of pictures by person or session."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data.pictures import read_image

Floats = NDArray[np.float32]


def no_boxes() -> Floats:
    """Return an empty ``(0, 4)`` array of boxes."""
    return np.zeros((0, 4), np.float32)


@dataclass(frozen=True)
class Scene:
    """One picture and what is known of the objects (faces, or hands) in it.

    ``boxes`` ``(n, 4)`` float32, x1, y1, x2, y2 in pixels; ``landmarks`` ``(n, 5, 2)`` float32 in pixels, or None;
    ``unsure`` ``(m, 4)``: regions that may hold objects without annotation, never taken as background;
    ``complete``: outside ``boxes`` and ``unsure`` there is no object; ``group``: the person or session, which is
    never split between training and validation.
    """

    path: Path
    group: str
    boxes: Floats = field(default_factory=no_boxes)
    landmarks: Floats | None = None
    unsure: Floats = field(default_factory=no_boxes)
    complete: bool = False

    def read(self) -> NDArray[np.uint8]:
        """Read the picture, ``(height, width, 3)`` uint8 BGR."""
        return read_image(self.path)

    def zoomed(self, zoom: float) -> Scene:
        """Give the annotation of the picture resized by ``zoom``."""
        landmarks = None if self.landmarks is None else self.landmarks * np.float32(zoom)
        return replace(
            self, boxes=self.boxes * np.float32(zoom), landmarks=landmarks, unsure=self.unsure * np.float32(zoom)
        )


def is_held_back(group: str, share: float) -> bool:
    """Tell whether ``group`` belongs to the held-back ``share`` (0 to 1); the same on every machine."""
    digest = hashlib.sha256(group.encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def split(scenes: Iterable[Scene], share: float) -> tuple[list[Scene], list[Scene]]:
    """Split by group into scenes to train on and scenes held back for validation."""
    parts: tuple[list[Scene], list[Scene]] = ([], [])
    for scene in scenes:
        parts[is_held_back(scene.group, share)].append(scene)
    return parts
