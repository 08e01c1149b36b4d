"""What of a picture is hand, by a teacher's joints."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from drawn_hands import open_hand, picture
from numpy.typing import NDArray

from convert.data import gesture
from convert.data.gesture_sources import hagrid_crops
from convert.data.joints import COLUMNS, TABLE, hand_mask, read_joints
from convert.data.writing import write_table


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
