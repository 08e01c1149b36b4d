"""The demo scene: what the camera would see at a time within a pass."""

from __future__ import annotations

import math
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.camera.demo.hand import HandLook, HandSprite, render_hand
from edge.camera.demo.portrait import HEIGHT, WIDTH, HeadPose, Portrait
from edge.camera.demo.script import PASS_S, Cue, eye_closure, gestures, hand_presence
from edge.values import Box, Image

CAPTION = "rendered demo"

_HER_ARM = HandLook(
    skin=(244, 203, 176),
    lamp=(-0.5, 0.55, 0.68),
    lamp_strength=0.72,
    sky_strength=0.40,
    forearm_mm=300,
    sleeve=(232, 98, 58),
    sleeve_from_mm=70,
)


@dataclass(frozen=True, slots=True)
class _Held:
    """How a gesture is held: ``centre`` of the hand's box and its longer side in pixels, and its look."""

    centre: tuple[float, float]
    size_px: int
    look: HandLook


_HELD = {
    "palm": _Held((118, 190), 160, replace(_HER_ARM, roll=10, yaw=-8, pitch=4)),
    "fist": _Held((122, 215), 122, replace(_HER_ARM, roll=8, yaw=-8, pitch=6)),
    "thumb_up": _Held((138, 215), 142, replace(_HER_ARM, roll=12)),
}


@dataclass(frozen=True, slots=True)
class _Arm:
    """A sprite with premultiplied colour ``(H, W, 3)``, ``rest`` ``(H, W, 3)`` = 255 - alpha, and the hand's box."""

    colour: NDArray[np.uint8]
    rest: NDArray[np.uint8]
    box: Box


def _prepare(sprite: HandSprite) -> _Arm:
    alpha = cv2.merge([sprite.image[..., 3]] * 3)
    colour = cv2.multiply(np.ascontiguousarray(sprite.image[..., :3]), alpha, scale=1 / 255)
    return _Arm(np.asarray(colour, np.uint8), cv2.bitwise_not(alpha), sprite.box)


def _draw_held(label: str) -> _Arm:
    held = _HELD[label]
    return _prepare(render_hand(label, held.size_px, held.look))


def head_pose(t: float) -> HeadPose:
    """Slow, smooth and periodic over a pass: the head sways, nods, leans in and turns."""
    turn = 2 * math.pi * t / PASS_S
    return HeadPose(
        x=7 * math.sin(2 * turn) + 2 * math.sin(5 * turn + 1),
        y=4 * math.sin(3 * turn + 0.5) + 2,
        scale=1 + 0.035 * math.sin(2 * turn + 2),
        roll=0.035 * math.sin(3 * turn),
        yaw=5 * math.sin(4 * turn + 0.7),
    )


def _blend(frame: Image, arm: _Arm, matrix: NDArray[np.float32]) -> None:
    """Lay ``arm`` over ``frame`` in place; ``matrix`` ``(2, 3)`` maps its pixels to the frame's."""
    height, width = arm.rest.shape[:2]
    corners = np.array([(0, 0, 1), (width, 0, 1), (0, height, 1), (width, height, 1)], np.float32) @ matrix.T
    x1, y1 = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int).tolist()
    x2, y2 = np.minimum(np.ceil(corners.max(axis=0)), (WIDTH, HEIGHT)).astype(int).tolist()
    if x1 >= x2 or y1 >= y2:
        return
    local = matrix - np.array([(0, 0, x1), (0, 0, y1)], np.float32)
    size = (x2 - x1, y2 - y1)
    colour = cv2.warpAffine(arm.colour, local, size, flags=cv2.INTER_LINEAR)
    rest = cv2.warpAffine(arm.rest, local, size, flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255))
    area = frame[y1:y2, x1:x2]
    cv2.add(cv2.multiply(area, rest, scale=1 / 255), colour, dst=area)


def _write_caption(frame: Image) -> None:
    place, font, scale = (WIDTH - 136, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5
    cv2.putText(frame, CAPTION, place, font, scale, (40, 40, 40), 1, cv2.LINE_AA)


class DemoScene:
    """Draws the scene.  The hands are drawn in the background from the start; :meth:`close` waits for that."""

    def __init__(self) -> None:
        self._portrait = Portrait()
        self._painters = ThreadPoolExecutor(1, "demo-hands")
        labels = dict.fromkeys(cue.what for cue in gestures())
        self._arms: dict[str, Future[_Arm]] = {label: self._painters.submit(_draw_held, label) for label in labels}

    def image_at(self, t: float) -> Image:
        """The picture at ``t`` seconds of a pass: a new ``(480, 640, 3)`` uint8 BGR."""
        frame = self._portrait.draw(head_pose(t), eye_closure(t))
        for cue in gestures():
            presence = hand_presence(cue, t)
            if presence > 0:
                self._draw_arm(frame, cue, presence, t)
        _write_caption(frame)
        return frame

    def _draw_arm(self, frame: Image, cue: Cue, presence: float, t: float) -> None:
        arm, held = self._arms[cue.what].result(), _HELD[cue.what]
        angle = 2.5 * math.sin(2.1 * t) - 12 * (1 - presence)
        (x, y), (to_x, to_y) = arm.box.center, held.centre
        drop = (1 - presence) * (HEIGHT - to_y + held.size_px)
        matrix = cv2.getRotationMatrix2D((x, y), angle, 1 + 0.02 * math.sin(1.7 * t)).astype(np.float32)
        matrix[:, 2] += (
            to_x - x + 4 * math.sin(1.3 * t) - 60 * (1 - presence),
            to_y - y + 3 * math.sin(1.9 * t) + drop,
        )
        _blend(frame, arm, matrix)

    def close(self) -> None:
        """End the drawing of hands that nobody will see."""
        self._painters.shutdown(wait=True, cancel_futures=True)
