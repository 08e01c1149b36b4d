"""Hands whose joints are known, drawn before a wall."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.joints import FINGERS, KNUCKLES, WRIST

SKIN, WALL = (120, 150, 210), (160, 90, 40)


def open_hand(side: int = 120) -> NDArray[np.float32]:
    """The joints of an open hand that points up, in a picture of that side."""
    joints = np.zeros((21, 2))
    joints[WRIST] = (0.5, 0.8)
    for finger, (x, spread) in zip(
        FINGERS, ((0.4, -0.25), (0.43, -0.1), (0.5, 0.0), (0.56, 0.08), (0.62, 0.2)), strict=True
    ):
        root = np.array((x, 0.55 if finger[0] in KNUCKLES else 0.7))
        tip = root + np.array((spread, -0.35))
        joints[list(finger)] = root + (tip - root) * np.linspace(0, 1, 4)[:, None]
    return (joints * side).astype(np.float32)


def picture(joints: NDArray[np.float32], side: int = 120) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A hand of those joints before a wall, and where it is."""
    truth = np.zeros((side, side), np.uint8)
    for finger in FINGERS:
        cv2.polylines(truth, [joints[list(finger)].astype(np.int32)], False, 255, round(side * 0.09))
    cv2.fillConvexPoly(truth, cv2.convexHull(joints[[WRIST, 1, *KNUCKLES]].astype(np.int32)), 255)
    image = np.where(truth[..., None] > 0, SKIN, WALL).astype(np.uint8)
    noise = np.random.default_rng(0).normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8), truth > 0
