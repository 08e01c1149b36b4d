"""What a classifier looks at, cut from whole photos by the device's own detectors."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal, get_args

import cv2

from convert.data.gesture import CANVAS_MARGIN, COVERAGE
from edge.inference import Task, default_models_dir, load_bundle
from edge.values import Box, Face, Hand, Image
from edge.vision.crops import Side, eye_crop, face_crop, identity_crop, upright_crop
from edge.vision.detectors import FaceDetector, HandDetector
from edge.vision.exposure import frame_in_light

Crop = Literal["hands", "faces", "eyes", "none"]

CAMERA_PX = 480
"""A photo's shorter side is reduced to this, a camera's, before anything is looked for: the network shall learn from
the resolution that it meets."""

SMALLEST_PX = 40
SMALLEST_PORTRAIT_PX = 24

SIDES: tuple[Side, ...] = get_args(Side)


class Framing(ABC):
    """Cuts canvases out of pictures.

    A canvas shows at least what the device's crop shows; ``native_px`` is the side of a canvas, in pixels of the
    device's crop, and ``wanted`` says what is looked for.
    """

    wanted: str

    def __init__(self, size: int) -> None:
        """``size``: the side of the device's crop in pixels."""
        self.native_px = size

    @abstractmethod
    def canvases(self, image: Image) -> list[Image]:
        """``(native_px, native_px, 3)`` BGR of each thing found in ``image`` ``(height, width, 3)`` BGR."""


class WholePicture(Framing):
    """For pictures that show the hand, face or eye alone; of one that isn't square the border is repeated."""

    wanted = "picture"

    def canvases(self, image: Image) -> list[Image]:
        """The picture."""
        height, width = image.shape[:2]
        return [upright_crop(image, Box(0, 0, width, height).square(), self.native_px)]


class BestHand(Framing):
    """The hand with the best score, with room around it to move, turn and zoom the crop in training."""

    wanted = "hand"

    def __init__(self, size: int) -> None:
        super().__init__(round(size / COVERAGE))
        self._detector = HandDetector(load_bundle(default_models_dir() / Task.HANDS.value, Task.HANDS), SMALLEST_PX)

    def canvases(self, image: Image) -> list[Image]:
        """One at most."""
        image = _as_from_a_camera(image)
        found: tuple[Hand, ...] = self._detector.detect(image)
        return [upright_crop(image, hand.box.square(CANVAS_MARGIN), self.native_px) for hand in found[:1]]


class BestFace(Framing):
    """The face with the best score, as the emotion network sees it."""

    wanted = "face"

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._detector = FaceDetector(load_bundle(default_models_dir() / Task.FACES.value, Task.FACES), SMALLEST_PX)

    def canvases(self, image: Image) -> list[Image]:
        """One at most."""
        image = _as_from_a_camera(image)
        return [self._cut(image, face) for face in self._detector.detect(image)[:1]]

    def _cut(self, image: Image, face: Face) -> Image:
        return face_crop(image, face.landmarks, self.native_px)


class EveryFace(BestFace):
    """All faces, as the emotion network sees them."""

    def canvases(self, image: Image) -> list[Image]:
        """As many as there are."""
        image = _as_from_a_camera(image)
        return [self._cut(image, face) for face in self._detector.detect(image)]


class BothEyes(BestFace):
    """Both eyes of the face with the best score."""

    def canvases(self, image: Image) -> list[Image]:
        """Two or none."""
        image = _as_from_a_camera(image)
        return [
            eye_crop(image, face.landmarks, side, self.native_px)
            for face in self._detector.detect(image)[:1]
            for side in SIDES
        ]


class CentralFace(Framing):
    """The face nearest to the middle of a photo of one person, as an identity network sees it."""

    wanted = "face"

    def __init__(self, size: int, margin: int = 0) -> None:
        """``margin``: in pixels of the device's crop, of ``size``, around it."""
        super().__init__(size + 2 * margin)
        self._size, self._margin = size, margin
        bundle = load_bundle(default_models_dir() / Task.FACES.value, Task.FACES)
        self._detector = FaceDetector(bundle, SMALLEST_PORTRAIT_PX)

    def canvases(self, image: Image) -> list[Image]:
        """One at most."""
        image = frame_in_light(image)
        found = self._detector.detect(image)
        if not found:
            return []
        return [self._cut(image, most_central(found, image))]

    def _cut(self, image: Image, face: Face) -> Image:
        return identity_crop(image, face.landmarks, self._size, self._margin)


class EveryPortrait(CentralFace):
    """All faces of a photo, as an identity network sees them."""

    def canvases(self, image: Image) -> list[Image]:
        """As many as there are."""
        image = _as_from_a_camera(image)
        return [self._cut(image, face) for face in self._detector.detect(image)]


FRAMINGS: dict[Crop, type[Framing]] = {
    "hands": BestHand,
    "faces": BestFace,
    "eyes": BothEyes,
    "none": WholePicture,
}


def most_central(faces: Sequence[Face], photo: Image) -> Face:
    """That of ``faces``, one at least, whose box is nearest to the middle of ``photo``."""
    middle = photo.shape[1] / 2, photo.shape[0] / 2
    return min(faces, key=lambda face: math.dist(face.box.center, middle))


def _as_from_a_camera(image: Image) -> Image:
    """As large as the device's frames at most, and in the light in which it looks at them."""
    scale = CAMERA_PX / min(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return frame_in_light(image)
