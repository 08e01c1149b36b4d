"""Augmentation, sampling and the canvases of hands."""

from __future__ import annotations

import numpy as np
import pytest

from convert.data import gesture
from convert.data.classes import DataError, LabelledImages
from convert.data.gesture_sources import HandSample, mask_box, skin_mask
from convert.training.augment import (
    change_colours,
    change_light,
    change_pixels,
    compress,
    erase_rectangle,
    make_augment,
    make_composite,
    move,
    put_on_spectacles,
    random_affine,
)
from convert.training.recipe import AugmentTable, PixelsTable, SamplingTable
from convert.training.sampling import sampling_weights
from edge.values import Box

STILL = AugmentTable(mirror=False)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def picture(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (48, 48, 1), dtype=np.uint8)


def test_without_any_change_the_centre_is_cropped(picture, rng) -> None:
    crop = make_augment(STILL, native_size=48)(picture, 40, rng)
    np.testing.assert_array_equal(crop, picture[4:44, 4:44])


def test_the_same_seed_gives_the_same_crop(picture) -> None:
    table = AugmentTable(shift=0.1, zoom=0.2, rotate_degrees=20, noise=0.1, blur=0.5, erase=0.5, low_resolution=0.5)
    augment = make_augment(table, native_size=48)
    first, second = (augment(picture, 40, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (40, 40, 1)
    assert first.dtype == np.uint8


def test_an_affine_change_stays_in_its_spans() -> None:
    table = AugmentTable(shift=0.1, zoom=0.2, rotate_degrees=20)
    for seed in range(50):
        matrix = random_affine(table, 64, 64, 1.0, np.random.default_rng(seed))
        scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
        assert 0.8 <= scale <= 1.2
        assert abs(matrix[1, 0] / scale) <= np.sin(np.deg2rad(20)) + 1e-9
        centre = np.linalg.solve(matrix[:, :2], [31.5, 31.5] - matrix[:, 2])
        assert np.abs(centre - 31.5).max() <= 6.4 + 1e-9


def test_light_without_spans_changes_nothing(picture, rng) -> None:
    np.testing.assert_array_equal(change_light(picture, STILL, rng), picture)


def test_colours_go_wholly_by_the_chance_of_grey(rng) -> None:
    colours = rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)
    grey = change_colours(colours, PixelsTable(grey=1), rng)
    assert (np.ptp(grey, axis=2) == 0).all()
    assert abs(grey.mean() - colours.mean()) < 10


def test_colours_without_spans_stay(rng) -> None:
    colours = rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)
    np.testing.assert_array_equal(change_colours(colours, PixelsTable(), rng), colours)


def test_saturation_moves_colours_to_and_from_grey_both_ways(rng) -> None:
    colours = rng.integers(100, 156, (24, 24, 3), dtype=np.uint8)
    spans = [
        float(np.ptp(change_colours(colours, PixelsTable(saturation=0.6), rng), axis=2).mean()) for _ in range(100)
    ]
    plain = float(np.ptp(colours, axis=2).mean())
    assert 0.38 < min(spans) / plain < 0.6
    assert 1.4 < max(spans) / plain < 1.62


def test_a_picture_without_colours_has_none_to_change(picture, rng) -> None:
    np.testing.assert_array_equal(change_pixels(picture, PixelsTable(saturation=0.6, grey=0.5), rng), picture)


def test_what_moves_is_smeared_along_one_line_and_loses_no_light() -> None:
    point = np.zeros((101, 151, 3), np.uint8)
    point[50, 75] = 255
    reached = []
    for seed in range(40):
        moved = move(point, 0.06, np.random.default_rng(seed))
        rows, columns = np.nonzero(moved[..., 0])
        light = moved[rows, columns, 0]
        across, along = np.linalg.eigvalsh(np.cov(np.stack([rows, columns]), aweights=light))
        reached.append(along**0.5)
        assert across**0.5 < 0.8, "as thin as a line"
        assert abs(int(light.sum()) - 255) < 20
        assert abs(np.average(rows, weights=light) - 50) < 0.6
        assert abs(np.average(columns, weights=light) - 75) < 0.6
    assert max(reached) > 2 * min(reached)


def test_a_picture_of_any_channels_is_compressed(rng) -> None:
    for channels in (1, 3):
        ramp = np.broadcast_to(np.arange(96, dtype=np.uint8)[:, None, None] * 2, (96, 64, channels))
        noisy = ramp + rng.integers(0, 20, (96, 64, 1), np.uint8)
        coarse, fine = compress(noisy, 8), compress(noisy, 95)
        assert coarse.shape == noisy.shape
        lost = [np.abs(each.astype(int) - noisy).mean() for each in (coarse, fine)]
        assert 2 < lost[0] < 20
        assert lost[1] < lost[0] / 2


@pytest.mark.parametrize("change", ["motion", "compression"])
def test_changes_come_as_often_as_the_recipe_says(change: str, rng) -> None:
    picture = rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)
    table = PixelsTable.model_validate({change: 0.4})
    changed = sum(bool((change_pixels(picture, table, rng) != picture).any()) for _ in range(200))
    assert 55 < changed < 105


def test_an_erased_rectangle_has_one_grey(rng) -> None:
    marked = np.zeros((40, 40, 1), np.uint8)
    erased = erase_rectangle(marked, np.random.default_rng(1))
    assert set(np.unique(erased)) <= {0, erased.max()}
    assert 0.01 < (erased > 0).mean() < 0.35
    assert not marked.any()


def test_spectacles_cover_a_part_and_leave_the_rest() -> None:
    grey = np.full((24, 24, 1), 100, np.uint8)
    covered = []
    for seed in range(100):
        worn = put_on_spectacles(grey, np.random.default_rng(seed))
        assert (worn.shape, worn.dtype) == (grey.shape, np.uint8)
        covered.append((worn != grey).mean())
    assert (grey == 100).all()
    assert 0.05 < np.mean(covered) < 0.6


def test_a_background_appears_only_where_alpha_is_zero(rng) -> None:
    canvas = np.full((112, 112, 4), 200, np.uint8)
    canvas[..., 3] = 0
    canvas[40:72, 40:72, 3] = 255
    backgrounds = np.full((1, 112, 112, 3), 10, np.uint8)
    augment = make_composite(AugmentTable(mirror=False, background=1.0), backgrounds, coverage=64 / 112)
    crop = augment(canvas, 64, rng)
    assert (crop[18:46, 18:46] == 200).all()
    assert (crop[:14] != 200).any()


def test_some_backgrounds_come_near_the_colour_of_the_hand(rng) -> None:
    skin, wall = np.array([200, 150, 120]), np.array([20, 60, 160])
    canvas = np.zeros((112, 112, 4), np.uint8)
    canvas[..., :3] = skin
    canvas[40:72, 40:72, 3] = 255
    backgrounds = np.broadcast_to(wall.astype(np.uint8), (3, 112, 112, 3))
    augment = make_composite(AugmentTable(mirror=False, background=1.0), backgrounds, coverage=64 / 112)
    crops = [augment(canvas, 64, rng) for _ in range(200)]
    assert all(np.abs(crop[30, 30].astype(int) - skin).max() <= 1 for crop in crops), "the hand stays as it is"
    corners = np.array([crop[1, 1] for crop in crops], float)
    near = np.linalg.norm(corners - skin, axis=1) < 60
    assert 0.05 < near.mean() < 0.5
    assert (corners == wall).all(axis=1).mean() > 0.3


def test_a_canvas_knows_where_its_picture_ends() -> None:
    image = np.full((50, 40, 3), (10, 20, 30), np.uint8)
    canvas = gesture.canvas(HandSample(image, Box(0, 0, 40, 50), "fist", "g", "s"))
    assert canvas.shape == (112, 112, 4)
    assert canvas[56, 56].tolist() == [30, 20, 10, 255]
    assert canvas[2, 56, 3] == canvas[56, 2, 3] == 0
    shown = (canvas[..., 3] > 127).mean()
    assert shown == pytest.approx(50 * 40 / (50 * gesture.CANVAS_MARGIN) ** 2, rel=0.05)


def test_a_hand_is_cut_out_of_a_grey_background() -> None:
    image = np.full((100, 100, 3), 210, np.uint8)
    image[30:80, 40:70] = (110, 140, 190)
    box = mask_box(skin_mask(image))
    assert (box.x1, box.y1, box.x2, box.y2) == pytest.approx((40, 30, 70, 80), abs=3)


def test_classes_have_their_shares_and_sources_their_weights() -> None:
    images = LabelledImages(
        ("palm", "none"),
        np.zeros((4, 1, 1, 1), np.uint8),
        np.array([0, 1, 1, 1]),
        np.array(["a", "b", "c", "d"]),
        np.array(["x", "x", "y", "y"]),
    )
    table = SamplingTable(class_shares={"palm": 1, "none": 3}, source_weights={"y": 0.5})
    np.testing.assert_allclose(sampling_weights(images, table), [0.25, 0.375, 0.1875, 0.1875])
    with pytest.raises(DataError, match="'palm' has no image"):
        sampling_weights(images.take(np.array([1, 2])), table)
