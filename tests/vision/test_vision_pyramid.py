"""The packed pyramid against one level after another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vision_fakes import RandomFilter

from edge.vision.mipmap import Mipmap
from edge.vision.pyramid import CELL_PX, Pyramid, level_sizes, pack

SIDES = st.integers(1, 400)
MIN_SIZES = st.floats(12, 200)


def test_levels_by_hand() -> None:
    # 12/60 of 640×480, then 0.709 of it each time, until the height falls below 12.
    assert level_sizes(640, 480, 60) == [(128, 96), (91, 68), (64, 48), (46, 34), (32, 24), (23, 17), (16, 12)]
    assert level_sizes(60, 60, 60) == [(12, 12)]
    assert level_sizes(640, 40, 60) == []
    assert level_sizes(1, 1, 12) == []


@settings(deadline=None)
@given(SIDES, SIDES, MIN_SIZES)
def test_tiles_start_even_and_do_not_overlap(width: int, height: int, min_size_px: float) -> None:
    sizes = level_sizes(width, height, min_size_px)
    tiles = pack(sizes)
    assert [(tile.width, tile.height) for tile in tiles] == sizes
    assert all(tile.x % 2 == 0 and tile.y % 2 == 0 and tile.x >= 0 and tile.y >= 0 for tile in tiles)
    assert not any(a.overlaps(b) for i, a in enumerate(tiles) for b in tiles[:i])


def test_packing_wastes_little() -> None:
    pyramid = Pyramid(640, 480, 60)
    used = sum(tile.width * tile.height for tile in pyramid.tiles)
    assert used > 0.85 * pyramid.shape[1] * pyramid.shape[2]


@settings(deadline=None)
@given(SIDES, SIDES, MIN_SIZES)
def test_every_window_lies_in_the_image_and_none_is_smaller_than_asked(
    width: int, height: int, min_size_px: float
) -> None:
    pyramid = Pyramid(width, height, min_size_px)
    windows = pyramid.windows
    assert len(pyramid.cells) == len(windows) == len(pyramid.levels)
    assert len(np.unique(pyramid.cells)) == len(pyramid.cells)
    assert pyramid.empty == (len(windows) == 0)
    if len(windows):
        assert windows.min() >= 0
        assert (windows.max(axis=0) <= np.array([width, height] * 2) * (1 + 1e-6)).all()
        # A level's size is rounded to whole pixels: at 12 of them by up to half of one.
        assert (windows[:, 2:] - windows[:, :2]).min() >= min_size_px * 12 / 12.5 - 1e-3


@settings(deadline=None, max_examples=25)
@given(st.integers(20, 150), st.integers(20, 150), st.integers(12, 40), st.integers(0, 2**32 - 1))
def test_one_run_equals_a_run_for_each_level(width: int, height: int, min_size_px: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pyramid = Pyramid(width, height, min_size_px)
    packed = RandomFilter("pnet", pyramid.shape)
    packed.invoke(pyramid.draw(Mipmap(image)))
    found = [
        (tuple(np.round(window, 3)), tuple(np.round(logits, 3)))
        for window, logits in zip(pyramid.windows, packed.real("face").reshape(-1, 2)[pyramid.cells], strict=True)
    ]
    assert found == one_level_after_another(image, min_size_px)


def one_level_after_another(image: np.ndarray, min_size_px: float) -> list[tuple[tuple, tuple]]:
    """The textbook's way: resize, run, and step through the map cell by cell."""
    height, width = image.shape[:2]
    found = []
    for level_width, level_height in level_sizes(width, height, min_size_px):
        level = np.zeros((level_height, level_width, 3), np.uint8)
        Mipmap(image).resize(level)
        network = RandomFilter("pnet", (1, level_height, level_width, 3))
        network.invoke(np.ascontiguousarray(level[None, ..., ::-1]))
        logits = network.real("face")[0]
        for row in range(logits.shape[0]):
            for column in range(logits.shape[1]):
                x1, y1 = 2 * column, 2 * row
                window = np.array([x1, y1, x1 + CELL_PX, y1 + CELL_PX]) * (
                    [width / level_width, height / level_height] * 2
                )
                found.append((tuple(np.round(window.astype(np.float32), 3)), tuple(np.round(logits[row, column], 3))))
    return found


@pytest.mark.parametrize(("width", "height"), [(1, 1), (5, 4000), (11, 11)])
def test_an_image_too_small_has_no_levels(width: int, height: int) -> None:
    pyramid = Pyramid(width, height, 12)
    assert pyramid.empty
    assert len(pyramid.windows) == 0
    assert pyramid.draw(Mipmap(np.zeros((height, width, 3), np.uint8))).shape == pyramid.shape
