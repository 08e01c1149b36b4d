"""How a right hand is held for each gesture.

Hand coordinates, in millimetres: the wrist at the origin, ``y`` towards the fingers, ``x`` towards the
thumb, ``z`` out of the palm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.camera.demo.errors import UnknownHandShapeError


@dataclass(frozen=True, slots=True)
class Finger:
    """Degrees: ``flexion`` of the three joints, ``spread`` to the thumb's side, ``roll`` of the bending plane."""

    flexion: tuple[float, float, float]
    spread: float = 0.0
    roll: float = 0.0


@dataclass(frozen=True, slots=True)
class Pose:
    """Four fingers (index to little), the thumb's MCP, IP and tip, and how people show the hand.

    Degrees: ``yaw`` about the hand's length (180 shows its back), ``pitch`` about its breadth, ``turn`` in the
    image, anticlockwise.  ``either_side``: it means the same from its other side.
    """

    fingers: tuple[Finger, Finger, Finger, Finger]
    thumb: tuple[tuple[float, float, float], ...]
    yaw: float = 0.0
    pitch: float = 0.0
    turn: float = 0.0
    either_side: bool = False

    def from_other_side(self) -> Pose:
        """The same gesture seen from the hand's other side."""
        return replace(self, yaw=self.yaw + 180, pitch=0.0, turn=-self.turn)


def _straight(spread: float, bend: float = 6.0) -> Finger:
    return Finger((bend, bend, bend * 0.7), spread)


def _folded(spread: float = 0.0) -> Finger:
    return Finger((84.0, 102.0, 58.0), spread)


_FIST_FINGERS = (_folded(-2), _folded(0), _folded(2), _folded(5))
_THUMB_OUT = ((50, 48, 12), (70, 74, 13), (82, 98, 11))
_THUMB_ACROSS = ((43, 50, 26), (24, 68, 52), (-3, 73, 57))
_THUMB_DEEP = ((36, 50, 30), (10, 61, 53), (-15, 64, 56))
_THUMB_SIDE = ((54, 47, 10), (86, 58, 6), (111, 62, 1))

POSES: dict[str, Pose] = {
    "palm": Pose((_straight(9), _straight(1, 4), _straight(-7), _straight(-17)), _THUMB_OUT),
    "fist": Pose(_FIST_FINGERS, _THUMB_ACROSS),
    "point": Pose((_straight(2), *_FIST_FINGERS[1:]), _THUMB_ACROSS),
    "peace": Pose((_straight(13), _straight(-8), _folded(2), _folded(5)), _THUMB_DEEP),
    "ok": Pose(
        (Finger((48, 68, 34), 6, 52), _straight(0, 12), _straight(-9, 8), _straight(-20, 6)),
        ((50, 45, 22), (69, 65, 34), (72, 84, 43)),
    ),
    "thumb_up": Pose(_FIST_FINGERS, _THUMB_SIDE, yaw=172, pitch=32, turn=-82, either_side=True),
    "thumb_down": Pose(_FIST_FINGERS, _THUMB_SIDE, turn=-100, either_side=True),
    "relaxed": Pose(
        (Finger((24, 32, 20), 4), Finger((32, 40, 24), 0), Finger((38, 44, 26), -4), Finger((40, 46, 28), -9)),
        ((47, 50, 20), (58, 78, 28), (58, 100, 34)),
    ),
    "three": Pose((_straight(12), _straight(0), _straight(-11), _folded(5)), _THUMB_DEEP),
    "four": Pose((_straight(10), _straight(1), _straight(-7), _straight(-17)), _THUMB_DEEP),
    "rock": Pose((_straight(6), _folded(0), _folded(2), _straight(-12)), _THUMB_ACROSS),
    "call": Pose((_folded(-2), _folded(0), _folded(2), _straight(-22)), _THUMB_OUT),
    "l": Pose((_straight(2), *_FIST_FINGERS[1:]), _THUMB_SIDE),
}


def pose_named(shape: str) -> Pose:
    """The pose of a gesture or another hand shape; raises ``UnknownHandShapeError``."""
    try:
        return POSES[shape]
    except KeyError:
        raise UnknownHandShapeError(
            f"hand shape: must be one of {', '.join(POSES)}. Received: {shape!r}. Choose one of these."
        ) from None
