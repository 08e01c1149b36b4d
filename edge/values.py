"""The values that pass between the rooms, in one direction.

``Frame → Face, Hand → Observation → Event → Action``

All are frozen and carry the time of the frame they come from: ``t`` is in seconds on the
source's own clock, 0.0 at the source's first frame.  Coordinates are pixels of that frame's image,
``x`` to the right and ``y`` down; a box's edges are ``x1, y1`` (inclusive) and ``x2, y2`` (exclusive).
*Left* and *right* are those of the image, not of the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""``(height, width, 3)`` uint8 in BGR order: what every capture path delivers without a copy."""

Point = tuple[float, float]
"""``(x, y)`` in pixels."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a source: ``image`` ``(height, width, 3)`` uint8 BGR, capture time ``t`` in seconds."""

    image: Image
    t: float
    index: int


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned box in pixels; ``x2`` and ``y2`` are exclusive."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def center(self) -> Point:
        return ((self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2)

    def iou(self, other: Box) -> float:
        """Intersection over union with ``other``, 0 to 1."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        if width <= 0 or height <= 0:
            return 0.0
        intersection = width * height
        return intersection / (self.area + other.area - intersection)

    def square(self, scale: float = 1.0) -> Box:
        """The square around the same centre whose side is ``scale`` times the longer side."""
        x, y = self.center
        half = max(self.width, self.height) * scale / 2
        return Box(x - half, y - half, x + half, y + half)


@dataclass(frozen=True, slots=True)
class Face:
    """A found face: ``landmarks`` are left eye, right eye, nose, left and right mouth corner."""

    box: Box
    score: float
    landmarks: tuple[Point, Point, Point, Point, Point]


@dataclass(frozen=True, slots=True)
class Hand:
    """A found hand."""

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Classification:
    """The most probable label, and the probability of every label of the bundle (they sum to 1)."""

    label: str
    probabilities: Mapping[str, float]

    @property
    def probability(self) -> float:
        return self.probabilities[self.label]


@dataclass(frozen=True, slots=True)
class Eyes:
    """Probability, 0 to 1, that each eye is open; ``None`` where the eye cannot be judged."""

    left_open: float | None
    right_open: float | None


@dataclass(frozen=True, slots=True)
class Identity:
    """The most similar enrolled person; ``similarity`` is the cosine of the embeddings, -1 to 1."""

    name: str
    similarity: float


@dataclass(frozen=True, slots=True)
class FaceObservation:
    """A face and what was read from it; ``track`` stays the same while the same face is followed."""

    face: Face
    track: int
    emotion: Classification | None = None
    eyes: Eyes | None = None
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class HandObservation:
    """A hand and what was read from it."""

    hand: Hand
    track: int
    gesture: Classification | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything read from one frame."""

    t: float
    faces: tuple[FaceObservation, ...] = ()
    hands: tuple[HandObservation, ...] = ()


class EventState(str, Enum):
    STARTED = "started"
    ENDED = "ended"


_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that began or ended: ``gesture.<label>``, ``emotion.<label>``, ``drowsiness.<state>`` or ``face``."""

    t: float
    name: str
    state: EventState
    details: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Action:
    """A command to one output: ``because`` names the event that caused it."""

    t: float
    output: str
    action: str
    because: str
