"""What the detector of hands is trained on: tiles, canvases, and what the network should say of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convert.training.detector.canvases import CanvasDrawer
from convert.training.detector.recipe import CanvasTable, read_detector_recipe
from convert.training.detector.targets import DOUBT, make_targets
from convert.training.detector.tiles import Annotated, draw_tile
from convert.training.recipe import PixelsTable, RecipeError
from edge.vision.boxes import iou
from edge.vision.heatmap import STRIDE_PX
from edge.vision.mipmap import Mipmap

TABLE = CanvasTable(width=128, height=96)
NONE = np.zeros((0, 4), np.float32)
BLACK = 127
"""Up to here a pixel counts as black: halving and interpolation spread white by a pixel or two."""


def annotated(
    *boxes: tuple[int, int, int, int], size: tuple[int, int] = (320, 240), complete: bool = True
) -> Annotated:
    """A black picture with white ellipses in ``boxes``."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    for x1, y1, x2, y2 in boxes:
        # OpenCV paints the pixels at the end of its axes too.
        centre, axes = ((x1 + x2) // 2, (y1 + y2) // 2), ((x2 - x1) // 2 - 1, (y2 - y1) // 2 - 1)
        cv2.ellipse(image, centre, axes, 0, 0, 360, (255, 255, 255), -1)
    return Annotated(Mipmap(image), np.array(boxes, np.float32).reshape(-1, 4), NONE, complete)


def white_box(image: np.ndarray) -> np.ndarray:
    x, y, width, height = cv2.boundingRect((image[..., 0] > BLACK).astype(np.uint8))
    return np.array([[x, y, x + width, y + height]], np.float32)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.sampled_from([(100, 60, 190, 130), (10, 10, 60, 100), (200, 150, 300, 235)]))
def test_a_box_moves_with_what_it_bounds(seed: int, box: tuple[int, int, int, int]) -> None:
    tile = draw_tile(annotated(box), 128, 96, TABLE, np.random.default_rng(seed))
    assert tile.image.shape == (96, 128, 3)
    if len(tile.boxes) and max(tile.boxes[0, 2:] - tile.boxes[0, :2]) > 20:
        assert iou(tile.boxes, white_box(tile.image))[0, 0] > 0.75
    if not len(tile.boxes) and not len(tile.unsure):
        assert tile.image.max() <= BLACK


def test_objects_are_shown_small_and_large() -> None:
    rng = np.random.default_rng(0)
    source = annotated((100, 60, 190, 130))
    sides = [
        float((tile.boxes[0, 2:] - tile.boxes[0, :2]).max())
        for tile in (draw_tile(source, 128, 96, TABLE, rng) for _ in range(200))
        if len(tile.boxes)
    ]
    assert len(sides) > 150
    assert min(sides) < 40
    assert max(sides) > 80


def test_tiles_are_turned_by_quarters_and_halves_as_often_as_the_recipe_says() -> None:
    upright = annotated((100, 60, 140, 180))
    turning = CanvasTable(width=128, height=96, rotate_degrees=0, stretch=0, turned=0.6)
    lying = 0
    for seed in range(200):
        tile = draw_tile(upright, 128, 96, turning, np.random.default_rng(seed))
        if len(tile.boxes) and max(tile.boxes[0, 2:] - tile.boxes[0, :2]) > 20:
            assert iou(tile.boxes, white_box(tile.image))[0, 0] > 0.75
            lying += bool(np.diff(tile.boxes[0, 2:] - tile.boxes[0, :2]) < 0)
    assert 50 < lying < 110, "a half turn leaves it upright"


def test_an_object_mostly_cut_off_is_neither_object_nor_background() -> None:
    rng = np.random.default_rng(0)
    tiles = [draw_tile(annotated((0, 0, 60, 60), size=(640, 480)), 128, 96, TABLE, rng) for _ in range(300)]
    assert any(len(tile.unsure) for tile in tiles)
    for tile in tiles:
        assert len(tile.boxes) + len(tile.unsure) <= 1


def test_a_canvas_depends_on_its_generator_alone() -> None:
    pictures = [annotated((100, 60, 190, 130)), annotated((20, 20, 80, 90), complete=False)]
    first, second = (
        CanvasDrawer(pictures, np.array([0.5, 0.5]), TABLE, PixelsTable(noise=0.1)).draw(np.random.default_rng(7))
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.boxes, second.boxes)
    assert first.image.shape == (96, 128, 3)


def test_pictures_are_shown_by_their_chances() -> None:
    pictures = [annotated((100, 60, 190, 130)), annotated()]
    drawer = CanvasDrawer(pictures, np.array([0.0, 1.0]), TABLE, PixelsTable())
    assert not any(len(drawer.draw(np.random.default_rng(seed)).boxes) for seed in range(20))


def test_incomplete_pictures_leave_doubt_on_the_canvas() -> None:
    table = CanvasTable(width=128, height=96, tilings={1: 1.0})
    drawer = CanvasDrawer([annotated((100, 60, 190, 130), complete=False)], np.ones(1), table, PixelsTable())
    np.testing.assert_array_equal(drawer.draw(np.random.default_rng(0)).incomplete, [[0, 0, 128, 96]])


def test_the_last_epochs_show_whole_pictures() -> None:
    table = CanvasTable(width=128, height=96, tilings={3: 1.0}, last_tilings={1: 1.0})
    drawer = CanvasDrawer([annotated((100, 60, 190, 130), complete=False)], np.ones(1), table, PixelsTable())
    regions = [len(drawer.draw(np.random.default_rng(0), last=last).incomplete) for last in (False, True)]
    assert regions == [9, 1]


def test_the_centre_is_hot_and_its_surroundings_learn_the_edges() -> None:
    box = np.array([[24, 16, 88, 80]], np.float32)
    targets = make_targets(128, 96, box, NONE, NONE)
    assert targets.heat.shape == (12, 16)
    assert np.argwhere(targets.heat == 1).tolist() == [[6, 7]]
    assert targets.shares.sum() == pytest.approx(1)
    learning = targets.shares > 0
    assert learning.sum() > 4
    np.testing.assert_allclose(targets.edges[learning], np.repeat(box / STRIDE_PX, learning.sum(), axis=0))
    assert (targets.background == 1).all()


@settings(deadline=None)
@given(st.floats(0, 120), st.floats(0, 90), st.floats(4, 90), st.floats(4, 90))
def test_every_object_has_one_centre(x: float, y: float, width: float, height: float) -> None:
    box = np.array([[x, y, min(x + width, 128), min(y + height, 96)]], np.float32)
    targets = make_targets(128, 96, box, NONE, NONE)
    assert (targets.heat == 1).sum() == 1
    assert targets.shares.sum() == pytest.approx(1, abs=1e-4)
    rows, columns = np.nonzero(targets.shares)
    middles = (np.stack([columns, rows], axis=1) + 0.5) * STRIDE_PX
    outside = np.maximum(box[0, :2] - middles, middles - box[0, 2:]).max()
    assert outside <= STRIDE_PX / 2 + 1e-3, "only the centre's own cell may have its middle outside of a thin object"


def test_of_two_objects_a_cell_learns_the_smaller() -> None:
    boxes = np.array([[0, 0, 96, 96], [40, 40, 56, 56]], np.float32)
    for order in ([0, 1], [1, 0]):
        targets = make_targets(128, 96, boxes[order], NONE, NONE)
        np.testing.assert_allclose(targets.edges[6, 6], boxes[1] / STRIDE_PX)


def test_unsure_regions_are_no_background() -> None:
    unsure, incomplete = np.array([[32, 32, 64, 64]], np.float32), np.array([[0, 0, 64, 96]], np.float32)
    background = make_targets(128, 96, NONE, unsure, incomplete).background
    assert (background[4:8, 4:8] == 0).all()
    assert (background[:4, :8] == DOUBT).all()
    assert (background[:, 8:] == 1).all()


@pytest.mark.parametrize(
    ("canvas", "said"),
    [
        ("width = 100\nheight = 96", "width"),
        ("width = 128\nheight = 96\nsmallest_px = 50\nlargest_px = 40", "largest_px must exceed"),
        ("width = 128\nheight = 96\ntilings = {}", "tilings"),
        ("width = 128\nheight = 96\nlast_tilings = { 0 = 1.0 }", "last_tilings: needs numbers of tiles from 1 up"),
    ],
)
def test_a_recipe_that_breaks_a_rule_is_refused(tmp_path: Path, canvas: str, said: str) -> None:
    recipe = tmp_path / "hands.toml"
    recipe.write_text(
        f'task = "hands"\n[canvas]\n{canvas}\n[fit]\nepochs = 1\nsteps_per_epoch = 1\nbatch = 2\n'
        '[sources.own]\nloader = "boxes"\nfolder = "hands"\n'
    )
    with pytest.raises(RecipeError, match=said):
        read_detector_recipe(recipe)
