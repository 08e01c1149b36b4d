"""The packed pyramid against one level after another."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from vision_fakes import RandomFilter

from edge.vision.boxes import iou
from edge.vision.mipmap import Mipmap
from edge.vision.pyramid import (
    CELL_PX,
    LAST_GAP,
    MTCNN_SPACING,
    PAGE_PX,
    Pyramid,
    Spacing,
    Tile,
    cut,
    level_sizes,
    pack,
)
from edge.vision.stages import MapStage

SIDES = st.integers(1, 400)
MIN_SIZES = st.floats(12, 200)

COARSE = Spacing(0.6, 0.75)


def test_levels_by_hand() -> None:
    # 12/60 of 640×480, then 0.709 of it each time, and that where the height is 12.
    assert level_sizes(640, 480, 60) == [(128, 96), (91, 68), (64, 48), (46, 34), (32, 24), (23, 17), (16, 12)]
    # 0.75 of 12/60, then 0.6 of it each time.
    assert level_sizes(640, 480, 60, COARSE) == [(96, 72), (58, 43), (35, 26), (21, 16), (16, 12)]
    assert level_sizes(60, 60, 60) == [(12, 12)]
    assert level_sizes(59, 60, 60) == []
    assert level_sizes(640, 40, 60) == []
    assert level_sizes(1, 1, 12) == []


@given(
    st.integers(12, 2000), st.integers(12, 2000), MIN_SIZES, st.floats(0, 1), st.sampled_from([MTCNN_SPACING, COARSE])
)
def test_an_object_of_any_size_fills_a_window_as_spaced(
    width: int, height: int, min_size_px: float, share: float, spacing: Spacing
) -> None:
    shorter = min(width, height)
    assume(shorter >= min_size_px)
    object_px = min_size_px + share * (shorter - min_size_px)
    scales = [level_width / width for level_width, _ in level_sizes(width, height, min_size_px, spacing)]
    fills = [object_px * scale / CELL_PX for scale in scales]
    slack = 0.95 * spacing.step**LAST_GAP  # sizes are whole pixels, and the last level stands by itself
    assert any(spacing.fill * slack <= fill <= spacing.fill / spacing.step / slack for fill in fills)


@given(st.lists(st.tuples(st.integers(12, 64), st.integers(12, 64)), max_size=20))
def test_tiles_start_even_and_do_not_overlap(sizes: list[tuple[int, int]]) -> None:
    tiles = [Tile(level, 0, 0, *size) for level, size in enumerate(sizes)]
    places = pack(tiles, (64, 80))
    assert len(places) == len(tiles)
    taken = np.zeros((len(tiles), 80, 64), int)
    for tile, place in zip(tiles, places, strict=True):
        assert place.x % 2 == place.y % 2 == 0
        part = taken[place.page, place.y : place.y + tile.height, place.x : place.x + tile.width]
        assert part.shape == (tile.height, tile.width)
        part += 1
    assert taken.max(initial=0) <= 1


@given(st.integers(12, 200), st.integers(12, 200), st.integers(6, 50).map(lambda half: 2 * half))
def test_cut_levels_hold_each_window_once(width: int, height: int, most_px: int) -> None:
    windows = Counter(
        (tile.left + x, tile.top + y)
        for tile in cut([(width, height)], most_px)
        for y in range(0, tile.height - CELL_PX + 1, 2)
        for x in range(0, tile.width - CELL_PX + 1, 2)
    )
    whole = [(x, y) for y in range(0, height - CELL_PX + 1, 2) for x in range(0, width - CELL_PX + 1, 2)]
    assert windows == Counter(whole)


def test_packing_wastes_little() -> None:
    assert Pyramid(640, 480, 60).shape == (1, 224, 128, 3)
    side_by_side = Pyramid(640, 480, 20, Spacing(0.6, 0.775))
    assert side_by_side.shape == (1, 224, 480, 3)
    used = sum(tile.width * tile.height for tile in side_by_side.tiles)
    assert used > 0.95 * 224 * 480


@settings(deadline=None)
@given(SIDES, SIDES, MIN_SIZES)
@example(36, 36, 37.5625)
def test_every_window_lies_in_the_image_and_none_is_smaller_than_asked(
    width: int, height: int, min_size_px: float
) -> None:
    pyramid = Pyramid(width, height, min_size_px)
    windows = pyramid.windows
    assert len(pyramid.cells) == len(windows)
    assert len(np.unique(pyramid.cells)) == len(pyramid.cells)
    assert pyramid.empty == (len(windows) == 0)
    if len(windows):
        assert windows.min() >= 0
        assert (windows.max(axis=0) <= np.array([width, height] * 2) * (1 + 1e-6)).all()
        # A level's size is rounded to whole pixels: the smallest that becomes 12 of them is 11.5.
        assert (windows[:, 2:] - windows[:, :2]).min() >= min_size_px * 11.5 / 12 - 1e-3


@settings(deadline=None, max_examples=25)
@given(st.integers(20, 150), st.integers(20, 150), st.integers(12, 40), st.integers(0, 2**32 - 1))
def test_one_run_equals_a_run_for_each_level(width: int, height: int, min_size_px: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    np.testing.assert_allclose(packed(image, min_size_px), one_level_after_another(image, min_size_px), atol=1e-3)


def test_several_pages_equal_a_run_for_each_level() -> None:
    image = np.random.default_rng(7).integers(0, 256, (420, 700, 3), dtype=np.uint8)
    assert Pyramid(700, 420, 12).shape == (3, PAGE_PX, PAGE_PX, 3)
    np.testing.assert_allclose(packed(image, 12), one_level_after_another(image, 12), atol=1e-3)


@settings(deadline=None, max_examples=25)
@given(st.integers(20, 150), st.integers(20, 150), st.floats(0.05, 1), st.integers(0, 2**32 - 1))
def test_peaks_are_those_that_overlap_no_better_window_of_their_level_by_more_than_half(
    width: int, height: int, share: float, seed: int
) -> None:
    pyramid = Pyramid(width, height, 12)
    rng = np.random.default_rng(seed)
    chosen = np.flatnonzero(rng.random(len(pyramid.cells)) < share)
    scores = rng.normal(size=len(chosen)).astype(np.float32)
    windows = pyramid.windows[chosen]
    sides = windows[:, 2] - windows[:, 0]
    # Two windows of a level overlap by 0.5 at most, or by 0.53 at least.
    rivals = (iou(windows, windows) > 0.51) & (np.abs(sides[:, None] / sides - 1) < 0.03)
    beaten = (rivals & (scores > scores[:, None])).any(axis=1)
    assert pyramid.are_peaks(pyramid.cells[chosen], scores).tolist() == (~beaten).tolist()
    assert pyramid.are_peaks(pyramid.cells[chosen], scores).tolist() == (~beaten).tolist(), "the second time"


def test_pages_do_not_rival_each_other() -> None:
    pyramid = Pyramid(700, 420, 12)
    rows, columns = (side // 2 - 5 for side in pyramid.shape[1:3])
    last_of_first_page = (rows - 1) * columns
    cells = np.array([last_of_first_page, last_of_first_page + columns])
    assert pyramid.are_peaks(cells, np.array([2, 1], np.float32)).tolist() == [True, True]


def packed(image: np.ndarray, min_size_px: float) -> np.ndarray:
    """``(n, 9)``: window, margin and offsets of every cell, sorted by window."""
    height, width = image.shape[:2]
    pyramid = Pyramid(width, height, min_size_px)
    hits = MapStage(RandomFilter).run(pyramid.draw(Mipmap(image)), -np.inf)
    within = pyramid.index_of(hits.cells) >= 0
    windows = pyramid.windows[pyramid.index_of(hits.cells[within])]
    return by_window(np.column_stack([windows, hits.margins[within], hits.offsets[within]]))


def test_only_hits_are_given_in_the_order_of_the_cells() -> None:
    canvas = np.random.default_rng(3).integers(0, 256, (2, 64, 96, 3), dtype=np.uint8)
    stage = MapStage(RandomFilter)
    everything, hits = stage.run(canvas, -np.inf), stage.run(canvas, 0.5)
    wanted = np.flatnonzero(everything.margins >= 0.5)
    assert 0 < len(wanted) < len(everything.cells) == 2 * 27 * 43
    assert hits.cells.tolist() == wanted.tolist()
    np.testing.assert_array_equal(hits.margins, everything.margins[wanted])
    np.testing.assert_array_equal(hits.offsets, everything.offsets[wanted])


def one_level_after_another(image: np.ndarray, min_size_px: float) -> np.ndarray:
    """The same in the textbook's way: resize, run, and step through the map cell by cell."""
    height, width = image.shape[:2]
    found = []
    for level_width, level_height in level_sizes(width, height, min_size_px):
        level = Mipmap(image).resized(level_width, level_height)
        network = RandomFilter("pnet", (1, level_height, level_width, 3))
        network.invoke(np.ascontiguousarray(level[None, ..., ::-1]))
        logits, offsets = network.real("face")[0], network.real("box")[0]
        across, down = width / level_width, height / level_height
        for row, column in np.ndindex(logits.shape[:2]):
            x, y = 2 * column, 2 * row
            window = (x * across, y * down, (x + CELL_PX) * across, (y + CELL_PX) * down)
            no, yes = logits[row, column]
            found.append((*window, yes - no, *offsets[row, column]))
    return by_window(np.array(found).reshape(-1, 9))


def by_window(rows: np.ndarray) -> np.ndarray:
    return rows[np.lexsort(rows[:, :4].round(2).T)]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (5, 4000), (11, 11)])
def test_an_image_too_small_has_no_levels(width: int, height: int) -> None:
    pyramid = Pyramid(width, height, 12)
    assert pyramid.empty
    assert len(pyramid.windows) == 0
    assert pyramid.draw(Mipmap(np.zeros((height, width, 3), np.uint8))).shape == pyramid.shape
