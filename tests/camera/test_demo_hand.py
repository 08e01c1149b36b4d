"""The drawn hands: shape, size, side and colour."""

from __future__ import annotations

import numpy as np
import pytest

from edge.camera.demo.distance_field import DistanceField
from edge.camera.demo.errors import UnknownHandShapeError
from edge.camera.demo.hand import HAND_SHAPES, HandLook, HandSprite, render_hand

SIZE_PX = 60
GESTURES = ("palm", "fist", "point", "peace", "ok", "thumb_up", "thumb_down")


def opaque(sprite: HandSprite) -> np.ndarray:
    return sprite.image[..., 3] > 127


def crossings(row: np.ndarray) -> int:
    """How many separate runs of hand a row of pixels crosses."""
    return int((np.diff(np.concatenate([[0], row.astype(int)])) == 1).sum())


def one_capsule() -> DistanceField:
    return DistanceField(
        np.array([[0, 0, 0]], np.float32),
        np.array([[0, 10, 0]], np.float32),
        np.array([[2, 1]], np.float32),
        np.array([3]),
    )


def test_all_gestures_can_be_drawn() -> None:
    assert set(GESTURES) <= set(HAND_SHAPES)


@pytest.mark.parametrize("shape", HAND_SHAPES)
def test_the_box_has_the_size_asked_for_and_lies_in_the_image(shape: str) -> None:
    sprite = render_hand(shape, SIZE_PX)
    height, width = sprite.image.shape[:2]
    assert sprite.image.dtype == np.uint8
    assert sprite.image.shape[2] == 4
    assert max(sprite.box.width, sprite.box.height) == pytest.approx(SIZE_PX, rel=0.2)
    assert 0 <= sprite.box.x1 < sprite.box.x2 <= width
    assert 0 <= sprite.box.y1 < sprite.box.y2 <= height
    assert opaque(sprite).mean() > 0.15


def test_the_same_arguments_give_the_same_pixels() -> None:
    look = HandLook.random(np.random.default_rng(5))
    assert np.array_equal(render_hand("ok", SIZE_PX, look).image, render_hand("ok", SIZE_PX, look).image)


def test_a_large_hand_is_enlarged_with_its_box() -> None:
    sprite = render_hand("palm", 300)
    assert max(sprite.box.width, sprite.box.height) == pytest.approx(300, rel=0.1)
    assert sprite.box.y2 < sprite.image.shape[0]


@pytest.mark.parametrize(("shape", "fingers"), [("palm", 4), ("peace", 2), ("point", 1), ("fist", 1)])
def test_as_many_fingers_stand_up_as_the_gesture_has(shape: str, fingers: int) -> None:
    sprite = render_hand(shape, 120)
    row = opaque(sprite)[round(sprite.box.y1 + 0.3 * sprite.box.height)]
    assert crossings(row) == fingers


def test_ok_has_a_hole() -> None:
    hand = opaque(render_hand("ok", 120))
    rows = [row for row in hand if crossings(row) >= 2]
    assert len(rows) > 10


@pytest.mark.parametrize(("shape", "at_top"), [("thumb_up", True), ("thumb_down", False)])
@pytest.mark.parametrize("other_side", [False, True])
def test_the_thumb_points_its_way_from_either_side(shape: str, at_top: bool, other_side: bool) -> None:
    sprite = render_hand(shape, 120, HandLook(other_side=other_side))
    box = sprite.box
    hand = opaque(sprite)[:, round(box.x1) : round(box.x2)]
    near_top = hand[round(box.y1 + 0.12 * box.height)].sum()
    near_bottom = hand[round(box.y2 - 0.12 * box.height)].sum()
    assert (near_top < 0.6 * near_bottom) == at_top
    assert (near_bottom < 0.6 * near_top) != at_top


def test_a_mirrored_hand_is_the_mirror_image() -> None:
    right, left = render_hand("ok", SIZE_PX), render_hand("ok", SIZE_PX, HandLook(mirrored=True))
    assert np.array_equal(right.image, left.image[:, ::-1])
    assert right.box.x1 == left.image.shape[1] - left.box.x2


def test_a_sleeve_covers_the_forearm_only() -> None:
    sprite = render_hand("palm", 120, HandLook(sleeve=(0, 0, 255), sleeve_from_mm=40, forearm_mm=110))
    blue, red = sprite.image[..., 0].astype(int), sprite.image[..., 2].astype(int)
    cloth = opaque(sprite) & (blue > red + 30)
    assert cloth[-10:].any()
    assert not cloth[: round(sprite.box.y2)].any()


def test_the_lamp_lights_its_own_side() -> None:
    def brightness(x: float) -> np.ndarray:
        sprite = render_hand("fist", SIZE_PX, HandLook(lamp=(x, 0, 0.3), forearm_mm=40))
        grey = sprite.image[..., :3].mean(axis=2)
        columns = np.arange(grey.shape[1])
        return (grey * opaque(sprite) * columns).sum() / (grey * opaque(sprite)).sum()

    assert brightness(-1) < brightness(1)


def test_an_unknown_shape_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownHandShapeError, match=r"palm.*Received: 'claw'"):
        render_hand("claw", SIZE_PX)


def test_random_looks_draw_every_shape() -> None:
    rng = np.random.default_rng(0)
    for shape in HAND_SHAPES:
        assert opaque(render_hand(shape, 40, HandLook.random(rng))).any()


@pytest.mark.parametrize(
    ("point", "distance"),
    [((0, -5, 0), 3.0), ((4, 0, 0), 2.0), ((3, 5, 0), 1.5), ((0, 14, 0), 3.0), ((0, 0, 0), -2.0)],
    ids=["below the start", "beside the start", "beside the middle", "beyond the end", "on the axis"],
)
def test_distance_to_a_tapered_capsule(point: tuple[float, float, float], distance: float) -> None:
    assert one_capsule()(np.array([point], np.float32))[0] == pytest.approx(distance, abs=1e-4)


def test_rays_stop_at_the_surface_and_the_normal_points_back() -> None:
    field = one_capsule()
    directions = np.array([[0, 0, -1], [1, 0, 0]], np.float32)
    hit = field.march(np.array([0, 0, 50], np.float32), directions, 10, 100)
    assert hit.point[0] == pytest.approx((0, 0, 2), abs=0.2)
    assert hit.distance[1] > 1
    assert field.normals(hit.point[:1])[0] == pytest.approx((0, 0, 1), abs=0.15)
