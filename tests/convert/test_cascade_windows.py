"""Windows: hand-computed targets, overlaps and crops."""

from __future__ import annotations

import numpy as np
import pytest

from convert.training.cascade.samples import NEGATIVE, PART, POSITIVE, kinds, label, pick
from convert.training.cascade.windows import (
    Cutter,
    Windows,
    anywhere,
    around,
    box_targets,
    covers,
    landmark_targets,
    overlap,
    upright,
)

BOX = np.array([20, 30, 60, 70], np.float32)


def one(x: float, y: float, side: float, angle: float = 0.0, mirrored: bool = False) -> Windows:
    return Windows(
        np.array([[x, y]], np.float32),
        np.array([side], np.float32),
        np.array([angle], np.float32),
        np.array([mirrored]),
    )


@pytest.mark.parametrize(
    ("window", "edges"),
    [
        pytest.param(one(40, 50, 40), [0, 0, 1, 1], id="the window is the box"),
        pytest.param(one(40, 50, 80), [0.25, 0.25, 0.75, 0.75], id="twice as large"),
        pytest.param(one(50, 50, 40), [-0.25, 0, 0.75, 1], id="ten pixels to the right"),
        pytest.param(one(50, 50, 40, mirrored=True), [0.25, 0, 1.25, 1], id="mirrored"),
        pytest.param(one(40, 50, 40, angle=np.pi / 4), [0, 0, 1, 1], id="a turned circle keeps its bounds"),
    ],
)
def test_box_targets(window: Windows, edges: list[float]) -> None:
    np.testing.assert_allclose(box_targets(window, BOX)[0], edges, atol=1e-6)


def test_a_quarter_turn_swaps_the_sides_of_a_box() -> None:
    tall = np.array([30, 10, 50, 90], np.float32)
    np.testing.assert_allclose(box_targets(one(40, 50, 80, np.pi / 2), tall)[0], [0, 0.375, 1, 0.625], atol=1e-6)


def test_mirroring_swaps_left_and_right_points() -> None:
    points = np.array([[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]], np.float32)
    plain = landmark_targets(one(20, 20, 40), points).reshape(5, 2)
    mirrored = landmark_targets(one(20, 20, 40, mirrored=True), points).reshape(5, 2)
    np.testing.assert_allclose(plain[0], [0.25, 0.25])
    np.testing.assert_allclose(mirrored, plain)  # a symmetric face is its own mirror image


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        pytest.param([0, 0, 1, 1], 1, id="the window itself"),
        pytest.param([0, 0, 1, 0.2], 1 * 0.6 / (1 + 1 - 0.6), id="squared around its centre: y from -0.4 to 0.6"),
        pytest.param([2, 0, 3, 1], 0, id="beside it"),
        pytest.param([0.25, 0.25, 0.75, 0.75], 0.25, id="inside"),
    ],
)
def test_overlap_is_with_the_square_around_the_object(edges: list[float], expected: float) -> None:
    assert overlap(np.array([edges], np.float32))[0] == pytest.approx(expected)


def test_kinds_leave_a_gap_between_negative_and_part() -> None:
    assert kinds(np.array([0.7, 0.5, 0.35, 0.1], np.float32)).tolist() == [POSITIVE, PART, -2, NEGATIVE]


def test_pick_takes_the_first_of_each_kind() -> None:
    kind = np.array([1, 0, 1, -1, 0, 1], np.int8)
    assert pick(kind, {POSITIVE: 2, PART: 5, NEGATIVE: 1}).tolist() == [0, 2, 3, 1]


def test_targets_are_relative_to_the_windows_own_edges() -> None:
    kind, edges, points = label(one(40, 50, 40), BOX, None)
    assert kind.tolist() == [POSITIVE]
    np.testing.assert_allclose(edges, np.zeros((1, 4)), atol=1e-6)
    assert not points.any()


def test_covers_measures_against_the_smaller_of_the_two() -> None:
    windows = upright(np.array([[50.0, 50.0], [5.0, 5.0]]), np.array([100.0, 10.0]))
    inside = np.array([[10, 10, 20, 20]], np.float32)
    np.testing.assert_allclose(covers(windows, inside), [1, 0])
    np.testing.assert_allclose(covers(windows, np.zeros((0, 4), np.float32)), [0, 0])


def test_windows_around_a_box_stay_in_reach() -> None:
    windows = around(BOX, 200, reach=0.3, zoom=0.4, turn=0.2, rng=np.random.default_rng(0))
    assert np.abs(windows.centre - [40, 50]).max() <= 0.3 * 40
    assert np.all((windows.side >= 40 * np.exp(-0.4) - 1e-3) & (windows.side <= 40 * np.exp(0.4) + 1e-3))


def test_windows_anywhere_lie_inside_the_image() -> None:
    windows = anywhere(60, 90, 200, smallest=12, rng=np.random.default_rng(0))
    half = windows.side[:, None] / 2
    assert np.all(windows.centre - half >= -1e-3)
    assert np.all(windows.centre + half <= np.array([90, 60]) + 1e-3)


def test_a_crop_of_its_own_size_is_the_image() -> None:
    image = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    np.testing.assert_array_equal(Cutter(image, 24).cut(one(12, 12, 24))[0], image)
    np.testing.assert_array_equal(Cutter(image, 24).cut(one(12, 12, 24, mirrored=True))[0], image[:, ::-1])


def test_a_shrunken_crop_averages() -> None:
    board = (np.indices((96, 96)).sum(0) % 2 * 255).astype(np.uint8)
    crop = Cutter(np.repeat(board[..., None], 3, 2), 24).cut(one(48, 48, 96))[0]
    assert np.all(np.abs(crop.astype(int) - 128) <= 1)


def test_beyond_the_edge_the_border_is_repeated() -> None:
    image = np.zeros((24, 24, 3), np.uint8)
    image[:, 0] = 200
    crop = Cutter(image, 24).cut(one(0, 12, 24))[0]
    assert np.all(crop[:, :12] == 200)
