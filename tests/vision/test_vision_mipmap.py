"""Halved images and the crops cut from them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.values import Box
from edge.vision.crops import upright_crop
from edge.vision.mipmap import Mipmap


def smooth_image(width: int = 320, height: int = 240) -> np.ndarray:
    noise = np.random.default_rng(2).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 10), None, 0, 255, cv2.NORM_MINMAX)


def test_halves_average_and_never_vanish() -> None:
    image = np.array([[[0], [10], [20], [30]], [[0], [10], [20], [30]]], np.uint8).repeat(3, axis=2)
    mipmap = Mipmap(image)
    assert mipmap.half(0) is image
    assert mipmap.half(1)[..., 0].tolist() == [[5, 25]]
    assert mipmap.half(2)[..., 0].tolist() == [[15]]
    assert mipmap.half(9).shape == (1, 1, 3)


def test_a_cut_of_the_same_size_is_the_image_itself() -> None:
    image = smooth_image()
    boxes = np.array([(10, 20, 34, 44), (0, 0, 24, 24)], np.float32)
    crops = Mipmap(image).cut(boxes, 24)
    np.testing.assert_array_equal(crops[0], image[20:44, 10:34])
    np.testing.assert_array_equal(crops[1], image[:24, :24])


@settings(deadline=None, max_examples=50)
@given(st.floats(-40, 300), st.floats(-40, 220), st.floats(5, 300))
def test_cuts_are_upright_crops(x: float, y: float, side: float) -> None:
    image = smooth_image()
    (crop,) = Mipmap(image).cut(np.array([(x, y, x + side, y + side)], np.float32), 24)
    difference = np.abs(crop.astype(int) - upright_crop(image, Box(x, y, x + side, y + side), 24))
    assert difference.max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 40_000), (6000, 8000)])
def test_any_size_of_image(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 9, np.uint8)
    height, width = shape
    crops = Mipmap(image).cut(np.array([(0, 0, width, height), (-50, -50, -40, -40)], np.float32), 24)
    assert crops.shape == (2, 24, 24, 3)
    assert (crops == 9).all()


def test_no_boxes_no_crops() -> None:
    assert Mipmap(smooth_image()).cut(np.zeros((0, 4), np.float32), 24).shape == (0, 24, 24, 3)
