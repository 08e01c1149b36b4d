"""Labelled windows in memory: what a stage of the cascade is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.training.cascade.windows import Windows, box_targets, landmark_targets, overlap

Floats = NDArray[np.float32]

POSITIVE, PART, NEGATIVE = 1, -1, 0
"""Kinds of windows: an object, part of one (judged for its edges only), none."""

POSITIVE_IOU, PART_IOU, NEGATIVE_IOU = 0.65, 0.4, 0.3
"""At least, at least, and at most; Zhang et al. (2016), section II-C."""


@dataclass(frozen=True)
class Samples:
    """``crops`` ``(n, side, side, 3)`` uint8 RGB, ``kind`` ``(n,)`` int8, and the heads' targets.

    ``box`` ``(n, 4)`` and ``landmarks`` ``(n, 10)`` are in window coordinates;
    ``has_landmarks`` ``(n,)`` tells where the points are known.
    """

    crops: NDArray[np.uint8]
    kind: NDArray[np.int8]
    box: Floats
    landmarks: Floats
    has_landmarks: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, index: NDArray[np.intp]) -> Samples:
        """Those at ``index`` ``(m,)``."""
        return Samples(*(values[index] for values in vars(self).values()))

    @classmethod
    def join(cls, parts: Sequence[Samples]) -> Samples:
        """Put several sets one after the other."""
        names = ("crops", "kind", "box", "landmarks", "has_landmarks")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    @classmethod
    def negatives(cls, crops: NDArray[np.uint8]) -> Samples:
        """Label crops ``(n, side, side, 3)`` as background."""
        n = len(crops)
        return cls(
            crops,
            np.full(n, NEGATIVE, np.int8),
            np.zeros((n, 4), np.float32),
            np.zeros((n, 10), np.float32),
            np.zeros(n, bool),
        )

    def save(self, path: Path) -> None:
        """Write all arrays to one file."""
        np.savez(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Samples:
        """Read what ``save`` wrote."""
        with np.load(path) as arrays:
            return cls(**arrays)


WINDOW = np.array([0, 0, 1, 1], np.float32)
"""A window's own edges: box targets are the object's edges less these."""


def kinds(iou: Floats, positive_iou: float = POSITIVE_IOU) -> NDArray[np.int8]:
    """Label windows by their overlap with the object, ``(n,)``: -2 where it is neither one thing nor the other."""
    labels = np.full(len(iou), -2, np.int8)
    labels[iou >= PART_IOU] = PART
    labels[iou >= positive_iou] = POSITIVE
    labels[iou < NEGATIVE_IOU] = NEGATIVE
    return labels


def label(
    windows: Windows, box: Floats, landmarks: Floats | None, positive_iou: float = POSITIVE_IOU
) -> tuple[NDArray[np.int8], Floats, Floats]:
    """Give kinds ``(n,)``, box targets ``(n, 4)`` and landmark targets ``(n, 10)`` of windows near one object."""
    edges = box_targets(windows, box)
    points = np.zeros((len(windows), 10), np.float32) if landmarks is None else landmark_targets(windows, landmarks)
    return kinds(overlap(edges), positive_iou), edges - WINDOW, points


def pick(kind: NDArray[np.int8], wanted: dict[int, int]) -> NDArray[np.intp]:
    """Give the indices of the first ``wanted[k]`` windows of each kind ``k``."""
    return np.concatenate([np.flatnonzero(kind == k)[:count] for k, count in wanted.items()])
