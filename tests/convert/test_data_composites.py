"""Photos with hands pasted in."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_hands import SKIN, WALL, open_hand, picture

from convert.data.composites import Pasting, compose
from convert.data.gesture_sources import HandSample
from edge.values import Box

PHOTO = np.full((288, 384, 3), 20, np.uint8)


def share_near(image: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((np.abs(image.astype(int) - colour).max(-1) < 40).mean())


@pytest.fixture
def before_a_wall() -> HandSample:
    """A hand whose joints are known, in a picture that the wall behind it fills."""
    joints = open_hand()
    image, _ = picture(joints)
    return HandSample(image, Box(0, 0, 120, 120), "palm", "g", "s", joints=joints)


def test_a_hand_keeps_what_stands_around_it_unless_it_is_cut_out(before_a_wall: HandSample) -> None:
    def shown(cut_out: float) -> np.ndarray:
        pasted = compose([before_a_wall], [], PHOTO, np.random.default_rng(0), Pasting(cut_out=cut_out))
        left, top, right, bottom = pasted.boxes[0].round().astype(int).tolist()
        return pasted.image[top:bottom, left:right]

    whole, cut = shown(0), shown(1)
    assert share_near(whole, WALL) > 0.5
    assert share_near(cut, WALL) < 0.05
    assert share_near(cut, SKIN) > 0.7 * share_near(whole, SKIN)


def test_a_hand_of_unknown_joints_is_pasted_as_it_is(before_a_wall: HandSample) -> None:
    unknown = HandSample(before_a_wall.image, before_a_wall.box, "palm", "g", "s")
    first, second = (
        compose([unknown], [], PHOTO, np.random.default_rng(0), Pasting(cut_out=share)) for share in (0.0, 1.0)
    )
    np.testing.assert_array_equal(first.image, second.image)


def test_a_rim_of_the_studio_does_not_come_along() -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[50:150, 50:150] = 255
    image = np.zeros((200, 200, 3), np.uint8)
    image[52:148, 52:148] = 200  # within two black pixels that the mask takes for hand
    hand = HandSample(image, Box(50, 50, 150, 150), "palm", "g", "s", mask)
    pasted = compose([hand], [], np.full((288, 384, 3), 255, np.uint8), np.random.default_rng(0))
    assert pasted.image.min() > 100


@pytest.mark.parametrize("others", [0, 1])
def test_things_stand_before_plain_patches_of_many_colours(before_a_wall: HandSample, others: int) -> None:
    like_skin = 0
    for seed in range(30):
        samples = [before_a_wall] * (1 - others), [before_a_wall] * others
        pasting = Pasting(cut_out=1.0, plain=1.0)
        pasted = compose(*samples, PHOTO, np.random.default_rng(seed), pasting)
        patch = pasted.image[(np.abs(pasted.image.astype(int) - 20).max(-1) > 6)]
        assert len(patch) > 1.5 * 36 * 36, "more than the hand is there"
        like_skin += share_near(patch[None], SKIN) > 0.6
    assert 3 < like_skin < 25


def test_a_share_stands_before_plain_patches(before_a_wall: HandSample) -> None:
    grown = 0
    for seed in range(40):
        pasted = compose([before_a_wall], [], PHOTO, np.random.default_rng(seed), Pasting(plain=0.5))
        x1, y1, x2, y2 = pasted.boxes[0]
        changed = (np.abs(pasted.image.astype(int) - 20).max(-1) > 6).sum()
        grown += changed > 1.6 * 1.4**2 * (x2 - x1) * (y2 - y1)
    assert 8 < grown < 32


def test_pasted_hands_point_all_ways_and_their_boxes_with_them() -> None:
    rng = np.random.default_rng(0)
    image = np.full((60, 40, 3), 40, np.uint8)
    image[:20] = 250  # the fingers
    hand = HandSample(image, Box(0, 0, 40, 60), "palm", "g", "s", np.full((60, 40), 255, np.uint8))
    ways = set()
    for _ in range(60):
        pasted = compose([hand], [], np.full((288, 384, 3), 128, np.uint8), rng, Pasting(turned=0.75))
        left, top, right, bottom = pasted.boxes[0].round().astype(int).tolist()
        shown = pasted.image[top:bottom, left:right, 0]
        assert (np.abs(shown[3:-3, 3:-3].astype(int) - 128) > 40).mean() > 0.9, "the box bounds the hand"
        height, width = shown.shape
        rows, columns = np.nonzero(shown > 200)
        offset = np.array([rows.mean() / height, columns.mean() / width]) - 0.5
        assert (height > width) == (abs(offset[0]) > abs(offset[1]))
        ways.add((int(np.abs(offset).argmax()), bool(offset[np.abs(offset).argmax()] > 0)))
    assert len(ways) == 4
