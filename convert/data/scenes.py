"""A picture with its annotated objects, and the split of pictures by person or session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data.groups import is_held_out
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
    never split between training and validation; ``held_back``: what the owner's own split says, None where there is
    none.
    """

    path: Path
    group: str
    boxes: Floats = field(default_factory=no_boxes)
    landmarks: Floats | None = None
    unsure: Floats = field(default_factory=no_boxes)
    complete: bool = False
    held_back: bool | None = None

    def read(self) -> NDArray[np.uint8]:
        """Read the picture, ``(height, width, 3)`` uint8 BGR."""
        return read_image(self.path)

    def zoomed(self, zoom: float) -> Scene:
        """Give the annotation of the picture resized by ``zoom``."""
        landmarks = None if self.landmarks is None else self.landmarks * np.float32(zoom)
        return replace(
            self, boxes=self.boxes * np.float32(zoom), landmarks=landmarks, unsure=self.unsure * np.float32(zoom)
        )


def split(scenes: Iterable[Scene], share: float) -> tuple[list[Scene], list[Scene]]:
    """Split by the owner's word, else by group, into scenes to train on and scenes held back for validation."""
    parts: tuple[list[Scene], list[Scene]] = ([], [])
    for scene in scenes:
        held_back = is_held_out(scene.group, share) if scene.held_back is None else scene.held_back
        parts[held_back].append(scene)
    return parts


def split_frames(scenes: Iterable[Scene], share: float) -> tuple[list[Scene], list[Scene]]:
    """Split frame by frame, whoever is in them: for comparisons with papers that did; the figures flatter."""
    return split([replace(scene, group=str(scene.path), held_back=None) for scene in scenes], share)
