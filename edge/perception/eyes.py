"""Whether each eye of a face is open, or cannot be judged."""

from __future__ import annotations

from dataclasses import dataclass

from edge.inference import Bundle
from edge.inference.bundle import BundleError
from edge.perception.classifier import Classifier
from edge.values import Eyes, Face, Image, Point
from edge.vision.crops import Side, eye_crop
from edge.vision.mipmap import Mipmap

OPEN = "open"
"""The label whose probability is given."""

MIN_EYE_DISTANCE_PX = 16.0
"""Below this distance of the eyes an eye is under 10 pixels wide, and its lid about one."""

FAR_EYE_HIDDEN = 0.0
BOTH_EYES_HIDDEN = -0.5
"""How far the nose may lie outside the eyes, in distances of the eyes.  At 0 the tip of the nose stands before the far
eye: the head is turned by about 45° and the far eye hides behind the nose.  At -0.5 it is seen from the side."""


class EyeReader:
    """Reads the eyes of faces with a bundle for ``eyes``, both in one run."""

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self._classifier = Classifier(bundle, batch=2, threads=threads)
        if OPEN not in self._classifier.labels:
            raise BundleError(
                f"{bundle.path}: a bundle for 'eyes' needs the label {OPEN!r}, it has {list(self._classifier.labels)}"
            )
        self._open = self._classifier.labels.index(OPEN)

    def read(self, image: Image | Mipmap, face: Face) -> Eyes:
        """The probability that each eye is open; ``None`` for an eye that :func:`judgeable` refuses."""
        mipmap = Mipmap.of(image)
        sides = judgeable(face, mipmap.width, mipmap.height)
        if not sides:
            return Eyes(None, None)
        crops = [eye_crop(mipmap, face.landmarks, side, self._classifier.size) for side in sides]
        open_probabilities = self._classifier.probabilities(crops)[:, self._open].tolist()
        found = dict(zip(sides, open_probabilities, strict=True))
        return Eyes(found.get("left"), found.get("right"))


@dataclass(frozen=True, slots=True)
class _Turn:
    """Where the nose stands on the line of the eyes: 0 at the left eye, 1 at the right, 0.5 in a frontal face."""

    eye_distance_px: float
    nose: float


def judgeable(face: Face, width: int, height: int) -> tuple[Side, ...]:
    """The eyes of ``face`` that can be judged in an image of that size.

    An eye cannot be judged if it lies outside the image, if the eyes are nearer to each other than
    :data:`MIN_EYE_DISTANCE_PX`, or if the head is turned away: the far eye once the nose has reached it, both once the
    nose is half a distance of the eyes past it.
    """
    turn = _turn(face)
    if turn.eye_distance_px < MIN_EYE_DISTANCE_PX:
        return ()
    left_eye, right_eye = face.landmarks[:2]
    left_room, right_room = turn.nose, 1 - turn.nose
    if min(left_room, right_room) < BOTH_EYES_HIDDEN:
        return ()
    seen: list[Side] = []
    if left_room >= FAR_EYE_HIDDEN and _inside(left_eye, width, height):
        seen.append("left")
    if right_room >= FAR_EYE_HIDDEN and _inside(right_eye, width, height):
        seen.append("right")
    return tuple(seen)


def _turn(face: Face) -> _Turn:
    (left_x, left_y), (right_x, right_y), (nose_x, nose_y) = face.landmarks[:3]
    across, down = right_x - left_x, right_y - left_y
    square = across**2 + down**2
    nose = ((nose_x - left_x) * across + (nose_y - left_y) * down) / square if square > 0 else 0.0
    return _Turn(square**0.5, nose)


def _inside(point: Point, width: int, height: int) -> bool:
    x, y = point
    return 0 <= x < width and 0 <= y < height
