"""Crops: what a network sees."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.values import Box
from edge.vision.crops import (
    FACE_TEMPLATE,
    IDENTITY_TEMPLATE,
    eye_crop,
    face_crop,
    hand_crop,
    identity_crop,
    similarity,
    to_colour,
    upright_crop,
)
from edge.vision.mipmap import Mipmap


def ramp(height: int = 40, width: int = 60) -> np.ndarray:
    """Blue is the column, green the row: a crop's pixel tells where it comes from."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(width)
    image[..., 1] = np.arange(height)[:, None]
    return image


def test_a_crop_of_the_same_size_is_the_image_itself() -> None:
    image = ramp()
    np.testing.assert_array_equal(upright_crop(image, Box(7, 5, 23, 21), 16), image[5:21, 7:23])


def test_halving_averages_two_by_two() -> None:
    image = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    means = image.reshape(16, 2, 16, 2, 3).mean(axis=(1, 3))
    assert np.abs(upright_crop(image, Box(0, 0, 32, 32), 16) - means).max() <= 1


@pytest.mark.parametrize("side", [20.0, 48.0, 130.0, 250.0])
def test_a_crop_of_a_mipmap_is_that_of_its_image(side: float) -> None:
    image = np.random.default_rng(1).integers(0, 256, (240, 321, 3), dtype=np.uint8)
    mipmap = Mipmap(image)
    landmarks = FACE_TEMPLATE * side + 20
    np.testing.assert_array_equal(face_crop(mipmap, landmarks, 24), face_crop(image, landmarks, 24))
    np.testing.assert_array_equal(eye_crop(mipmap, landmarks, "left", 24), eye_crop(image, landmarks, "left", 24))
    box = Box(10, 5, 10 + side, 5 + side)
    np.testing.assert_array_equal(hand_crop(mipmap, box, 24), hand_crop(image, box, 24))


def test_outside_repeats_the_border() -> None:
    image = ramp()
    crop = upright_crop(image, Box(-8, 0, 8, 16), 16)
    assert (crop[:, :8, 0] == 0).all()
    np.testing.assert_array_equal(crop[0, 8:, 0], np.arange(8))
    far = upright_crop(image, Box(500, 500, 510, 510), 8)
    assert (far == image[-1, -1]).all()


def test_a_hand_crop_is_square_with_a_margin() -> None:
    image = ramp()
    crop = hand_crop(image, Box(20, 10, 30, 30), 22)  # 20 high, so 22 wide and high, from (14, 9)
    np.testing.assert_array_equal(crop, image[9:31, 14:36])


@pytest.mark.parametrize(("template", "cut"), [(FACE_TEMPLATE, face_crop), (IDENTITY_TEMPLATE, identity_crop)])
@pytest.mark.parametrize("angle", [0.0, 0.3, -1.0, 3.0])
def test_a_face_is_turned_upright(angle: float, template, cut) -> None:
    image = np.full((200, 200, 3), 10, np.uint8)
    factor = 80 * complex(math.cos(angle), math.sin(angle))
    points = [factor * complex(x - 0.5, y - 0.5) + complex(100, 100) for x, y in template]
    landmarks = [(p.real, p.imag) for p in points]
    for (x, y), colour in zip(landmarks, (50, 100, 150, 200, 250), strict=True):
        image[int(y) - 4 : int(y) + 5, int(x) - 4 : int(x) + 5] = colour
    crop = cut(image, landmarks, 48)
    seen = [crop[int(y * 48), int(x * 48), 0] for x, y in template]
    assert seen == [50, 100, 150, 200, 250]


def test_eye_crops_are_centred_level_and_of_the_named_side() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    landmarks = [(40, 30), (40, 70), (30, 50), (20, 40), (20, 60)]  # a head lying on its side
    image[25:35, 38:42] = 100  # the left eye: a bar along the image's y is the eye's line
    image[66:74, 38:42] = 200
    image[30:34, 36:40] = (100, 100, 255)
    left = eye_crop(image, landmarks, "left", 24)
    right = eye_crop(image, landmarks, "right", 24)
    assert left.shape == (24, 24, 3)
    assert left[11, 11, 0] == 100
    assert right[12, 12, 0] == 200
    assert left.max() <= 255
    assert not (left == 200).any()
    # x grows down the image and the crop's y towards smaller image x
    assert left[14, 13, 2] == 255


def test_colours() -> None:
    crop = np.zeros((8, 8, 3), np.uint8)
    crop[..., 0] = 255
    assert to_colour(crop, "rgb")[0, 0].tolist() == [0, 0, 255]
    grey = to_colour(crop, "grey")
    assert grey.shape == (8, 8, 1)
    assert grey[0, 0, 0] == 29  # Rec. 601: 0.114 of blue


@pytest.mark.parametrize("shape", [(1, 1), (1, 50_000), (40_000, 2), (6000, 8000)])
def test_any_size_of_image(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 7, np.uint8)
    height, width = shape
    landmarks = FACE_TEMPLATE * (width, height)
    for crop in (
        upright_crop(image, Box(0, 0, width, height), 24),
        hand_crop(image, Box(-5, -5, width, 3), 24),
        face_crop(image, landmarks, 24),
        identity_crop(image, landmarks, 24),
        eye_crop(image, landmarks, "left", 24),
    ):
        assert crop.shape == (24, 24, 3)
        assert (crop == 7).all()


@given(st.floats(0.1, 10), st.floats(-3, 3), st.floats(-100, 100), st.floats(-100, 100), st.integers(0, 2**32 - 1))
def test_similarity_recovers_what_was_done(scale: float, angle: float, dx: float, dy: float, seed: int) -> None:
    source = np.random.default_rng(seed).normal(size=(5, 2))
    turn = scale * np.array([(math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))])
    target = source @ turn.T + (dx, dy)
    np.testing.assert_allclose(similarity(source, target), np.column_stack([turn, (dx, dy)]), atol=1e-6)


def test_similarity_is_the_least_squares_one_and_never_mirrors() -> None:
    source = np.array([(0, 0), (1, 0), (0, 1), (1, 1)], float)
    mirrored = source * (-1, 1)
    matrix = similarity(source, mirrored)
    assert np.linalg.det(matrix[:, :2]) >= 0
    rng = np.random.default_rng(3)
    target = rng.normal(size=(4, 2))
    best = similarity(source, target)

    def error(m: np.ndarray) -> float:
        return float(np.square(source @ m[:, :2].T + m[:, 2] - target).sum())

    for _ in range(100):
        a, b, c, d = rng.normal(scale=0.05, size=4)
        other = best + np.array([(a, -b, c), (b, a, d)])
        assert error(other) >= error(best)


def test_similarity_of_coinciding_points_is_a_point() -> None:
    np.testing.assert_allclose(similarity([(2, 2)] * 3, [(0, 0), (3, 0), (0, 3)]), [(0, 0, 1), (0, 0, 1)])
