"""Box arithmetic: values worked out by hand, and what must hold for any boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edge.values import Box
from edge.vision.boxes import Boxes, areas, clip, iou, nms, regress, squarify, to_points

WHOLE = st.integers(-200, 200)


@st.composite
def some_boxes(draw: st.DrawFn, most: int = 12) -> Boxes:
    n = draw(st.integers(0, most))
    corners = draw(hnp.arrays(np.int32, (n, 2), elements=WHOLE))
    sides = draw(hnp.arrays(np.int32, (n, 2), elements=st.integers(1, 150)))
    return np.concatenate([corners, corners + sides], axis=1).astype(np.float32)


@st.composite
def scored_boxes(draw: st.DrawFn) -> tuple[Boxes, np.ndarray]:
    boxes = draw(some_boxes())
    scores = draw(hnp.arrays(np.int32, len(boxes), elements=st.integers(0, 20)))
    return boxes, scores.astype(np.float32) / 20


def rows(*boxes: tuple[float, float, float, float]) -> Boxes:
    return np.array(boxes, dtype=np.float32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("other", "union", "smaller", "reason"),
    [
        ((0, 0, 10, 10), 1.0, 1.0, "itself"),
        ((5, 0, 15, 10), 50 / 150, 0.5, "half beside"),
        ((2, 2, 6, 6), 16 / 100, 1.0, "inside"),
        ((10, 0, 20, 10), 0.0, 0.0, "touching edges share no pixel"),
        ((30, 30, 40, 40), 0.0, 0.0, "apart on both axes"),
        ((3, 3, 3, 9), 0.0, 0.0, "empty"),
    ],
)
def test_iou(other: tuple[float, float, float, float], union: float, smaller: float, reason: str) -> None:
    box = rows((0, 0, 10, 10))
    assert iou(box, rows(other))[0, 0] == pytest.approx(union), reason
    assert iou(box, rows(other), "min")[0, 0] == pytest.approx(smaller), reason


@given(some_boxes(), some_boxes())
def test_iou_is_the_boxes_own(first: Boxes, second: Boxes) -> None:
    expected = [[Box(*map(float, a)).iou(Box(*map(float, b))) for b in second] for a in first]
    np.testing.assert_allclose(iou(first, second), np.reshape(expected, (len(first), len(second))), atol=1e-5)
    assert (iou(first, second, "min") >= iou(first, second) - 1e-6).all()
    assert (iou(first, second, "min") <= 1 + 1e-6).all()


def test_nms_by_hand() -> None:
    boxes = rows((0, 0, 10, 10), (1, 0, 11, 10), (20, 0, 30, 10), (2, 2, 6, 6), (2, 0, 12, 10))
    scores = np.array([0.8, 0.9, 0.7, 0.6, 0.5], np.float32)
    # 1 is best; 0 overlaps it by 90/110, 4 by 90/110; 3 lies in it (16/100) and goes in "min" mode only.
    assert nms(boxes, scores, 0.5).tolist() == [1, 2, 3]
    assert nms(boxes, scores, 0.5, "min").tolist() == [1, 2]


@given(scored_boxes(), st.floats(0, 1), st.sampled_from(["union", "min"]))
def test_nms_keeps_the_best_and_nothing_that_overlaps(
    scored: tuple[Boxes, np.ndarray], threshold: float, overlap: str
) -> None:
    boxes, scores = scored
    kept = nms(boxes, scores, threshold, overlap)  # type: ignore[arg-type]
    between = iou(boxes, boxes, overlap)  # type: ignore[arg-type]
    assert (np.diff(scores[kept]) <= 0).all()
    for index in range(len(boxes)):
        better = [k for k in kept if scores[k] >= scores[index] and k != index]
        overlapped = any(between[k, index] > threshold for k in better)
        assert (index not in kept) <= overlapped
    pairs = between[np.ix_(kept, kept)][~np.eye(len(kept), dtype=bool)]
    assert (pairs <= threshold).all()


@given(scored_boxes(), st.floats(0, 1))
def test_nms_again_changes_nothing(scored: tuple[Boxes, np.ndarray], threshold: float) -> None:
    boxes, scores = scored
    kept = nms(boxes, scores, threshold)
    assert nms(boxes[kept], scores[kept], threshold).tolist() == list(range(len(kept)))


def test_regress_moves_edges_by_sides() -> None:
    boxes = rows((10, 20, 30, 60))  # 20 wide, 40 high
    offsets = np.array([(0.1, 0.1, -0.1, 0.5)], np.float32)
    np.testing.assert_allclose(regress(boxes, offsets), [(12, 24, 28, 80)])


def test_squarify_keeps_the_centre_and_the_longer_side() -> None:
    np.testing.assert_allclose(squarify(rows((10, 20, 30, 60), (0, 0, 8, 2))), [(0, 20, 40, 60), (0, -3, 8, 5)])


@given(some_boxes())
def test_squarify_covers_the_box_and_agrees_with_the_value(boxes: Boxes) -> None:
    squares = squarify(boxes)
    for box, square in zip(boxes, squares, strict=True):
        expected = Box(*map(float, box)).square()
        np.testing.assert_allclose(square, (expected.x1, expected.y1, expected.x2, expected.y2), atol=1e-3)


@given(some_boxes(), st.integers(1, 100), st.integers(1, 100))
def test_clip_stays_inside_and_is_the_intersection(boxes: Boxes, width: int, height: int) -> None:
    clipped = clip(boxes, width, height)
    assert (clipped >= 0).all()
    assert (clipped <= (width, height, width, height)).all()
    assert (areas(clipped) <= areas(boxes)).all()
    frame = rows((0, 0, width, height))
    outside = iou(boxes, frame)[:, 0] == 0
    assert (areas(clipped)[outside] == 0).all()


def test_points_are_in_sides_of_the_window() -> None:
    windows = rows((100, 50, 120, 70))
    relative = np.array([(0, 0, 0.5, 1, -0.1, 2)], np.float32)
    np.testing.assert_allclose(to_points(windows, relative), [[(100, 50), (110, 70), (98, 90)]])


def test_nothing_in_nothing_out() -> None:
    none = rows()
    assert nms(none, np.zeros(0, np.float32), 0.5).shape == (0,)
    assert iou(none, rows((0, 0, 1, 1))).shape == (0, 1)
    for result in (regress(none, none), squarify(none), clip(none, 5, 5)):
        assert result.shape == (0, 4)
    assert to_points(none, np.zeros((0, 10), np.float32)).shape == (0, 5, 2)
