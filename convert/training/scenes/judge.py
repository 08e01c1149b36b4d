"""Judges a detector on held-back scenes: recall, false finds an image, overlap and landmarks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data.scenes import Scene
from edge.vision.boxes import iou

FOUND_IOU = 0.5
"""A find this near to an object's box has found it."""

FALSE_IOU = 0.3
"""A find farther than this from every object and unsure region is a false one."""


Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """Finds: ``boxes`` ``(n, 4)`` and ``landmarks`` ``(n, 5, 2)`` in pixels, ``scores`` ``(n,)`` 0 to 1."""

    boxes: Floats
    scores: Floats
    landmarks: Floats

    def take(self, index: Any) -> Found:
        """Give the ones at ``index``."""
        return Found(self.boxes[index], self.scores[index], self.landmarks[index])

    @classmethod
    def nothing(cls) -> Found:
        """No find."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


Search = Callable[[NDArray[np.uint8]], Found]
"""From a BGR image ``(height, width, 3)`` to what is found in it, best first."""


@dataclass
class Tally:
    """Counts over images; ``ious`` and ``errors`` of the found objects, the latter in distances between the eyes."""

    images: int = 0
    objects: int = 0
    false: int = 0
    ious: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)

    def summary(self) -> Summary:
        """Give the shares and means."""
        return Summary(
            images=self.images,
            objects=self.objects,
            recall=len(self.ious) / self.objects if self.objects else None,
            false_per_image=self.false / max(self.images, 1),
            mean_iou=float(np.mean(self.ious)) if self.ious else None,
            nme=float(np.mean(self.errors)) if self.errors else None,
        )


@dataclass(frozen=True)
class Summary:
    """``nme``: mean distance of the five points from the annotated, in distances between the eyes."""

    images: int
    objects: int
    recall: float | None
    false_per_image: float
    mean_iou: float | None
    nme: float | None

    def as_dict(self) -> dict[str, float | int | None]:
        """Give all values by name, rounded."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def judge(detect: Search, scenes: Sequence[Scene], smallest: float = 0.0) -> Summary:
    """Search each scene with ``detect``; objects under ``smallest`` pixels don't count."""
    tally = Tally()
    for scene in scenes:
        count(tally, detect(scene.read()), scene, smallest)
    return tally.summary()


def count(tally: Tally, found: Found, scene: Scene, smallest: float) -> None:
    """Add one scene's finds to ``tally``."""
    tally.images += 1
    overlaps = iou(scene.boxes, found.boxes) if len(found.boxes) else np.zeros((len(scene.boxes), 1), np.float32)
    for index, box in enumerate(scene.boxes):
        if max(box[2] - box[0], box[3] - box[1]) < smallest:
            continue
        tally.objects += 1
        nearest = int(overlaps[index].argmax())
        if overlaps[index, nearest] >= FOUND_IOU:
            tally.ious.append(float(overlaps[index, nearest]))
            if scene.landmarks is not None:
                tally.errors.append(normalised_error(found.landmarks[nearest], scene.landmarks[index]))
    tally.false += len(false_finds(found, scene))


def normalised_error(found: NDArray[np.float32], true: NDArray[np.float32]) -> float:
    """Mean distance of points ``(5, 2)`` in distances between the true eyes (the first two)."""
    return float(np.linalg.norm(found - true, axis=1).mean() / np.linalg.norm(true[0] - true[1]))


def false_finds(found: Found, scene: Scene) -> Floats:
    """The scores ``(n,)`` of the finds in ``scene`` that are false ones."""
    known = np.concatenate([scene.boxes, scene.unsure])
    if not len(known) or not len(found.boxes):
        return found.scores
    return found.scores[iou(found.boxes, known).max(1) < FALSE_IOU]
