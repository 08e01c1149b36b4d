"""Hands turned by a quarter for the gesture network: the box goes with the pixels."""

from __future__ import annotations

import numpy as np
import pytest

from convert.data.gesture import turned
from convert.data.gesture_sources import HandSample
from edge.values import Box


@pytest.mark.parametrize("quarters", [-1, 1, 2])
def test_box_and_mask_turn_with_the_picture(quarters: int) -> None:
    image = np.zeros((30, 50, 3), np.uint8)
    image[4:14, 20:46] = 255
    hand = HandSample(image, Box(20, 4, 46, 14), "point", "someone", "hagrid", image[..., 0].copy())
    lying = turned(hand, quarters)
    lit = np.argwhere(lying.image[..., 0])
    (top, left), (bottom, right) = lit.min(axis=0), lit.max(axis=0) + 1
    assert lying.box == Box(left, top, right, bottom)
    assert lying.mask is not None
    assert (lying.mask == lying.image[..., 0]).all()
    assert (lying.label, lying.group) == ("point", "someone")


def test_a_finger_that_points_up_then_points_to_the_left() -> None:
    image = np.zeros((10, 10, 3), np.uint8)
    image[0, 5] = 255
    tip = np.argwhere(turned(HandSample(image, Box(0, 0, 10, 10), "point", "g", "hagrid"), 1).image[..., 0])
    assert tip.tolist() == [[4, 0]]
