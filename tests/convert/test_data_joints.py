"""What of a picture is hand, by a teacher's joints."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data import gesture
from convert.data.gesture_sources import hagrid_crops
from convert.data.joints import COLUMNS, FINGERS, KNUCKLES, TABLE, WRIST, hand_mask, read_joints
from convert.data.writing import write_table

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


def overlap(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return float((first & second).sum() / (first | second).sum())


def test_a_mask_is_the_hand() -> None:
    joints = open_hand()
    image, truth = picture(joints)
    mask = hand_mask(image, joints)
    assert mask.shape == truth.shape
    assert overlap(mask > 127, truth) > 0.85
    x, y = joints.astype(int).T
    assert (mask[y, x] > 127).all(), "a joint is no background"


def test_a_large_picture_gets_a_mask_of_its_size() -> None:
    joints = open_hand(300)
    image, truth = picture(joints, 300)
    mask = hand_mask(image, joints)
    assert mask.shape == (300, 300)
    assert overlap(mask > 127, truth) > 0.8


def test_joints_outside_of_the_picture_leave_all_as_it_is() -> None:
    image, _ = picture(open_hand())
    assert (hand_mask(image, open_hand() + 900) == 255).all()


def write_joints(data: Path, image: str, joints: NDArray[np.float32]) -> None:
    row = dict(zip(COLUMNS, (image, 0, *joints.reshape(-1).tolist()), strict=True))
    write_table(data / TABLE, COLUMNS, [row])


def test_a_crop_with_joints_shows_its_background_under_alpha(tmp_path: Path) -> None:
    joints = open_hand(80)
    image, truth = picture(joints, 80)
    for name in ("known", "unknown"):
        file = tmp_path / f"hands/hagrid/crops/palm/{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), image)
    (tmp_path / "hands/hagrid/images").mkdir()
    write_joints(tmp_path, "hands/hagrid/crops/palm/known.png", joints)
    known, unknown = hagrid_crops(tmp_path, np.random.default_rng(0))
    side = round(gesture.CANVAS / gesture.CANVAS_MARGIN)
    start = (gesture.CANVAS - side) // 2
    middle = slice(start, start + side)
    alpha = gesture.canvas(known)[middle, middle, 3]
    assert overlap(alpha > 127, cv2.resize(truth.astype(np.uint8), (side, side)) > 0) > 0.8
    assert (gesture.canvas(unknown)[middle, middle, 3] > 250).all()


def test_without_the_list_there_are_no_joints(tmp_path: Path) -> None:
    assert read_joints(tmp_path) == {}
