"""Figures of detectors by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from convert.data.scenes import Scene
from convert.evaluate.average_precision import PrecisionRecall, precision_recall
from convert.evaluate.detection import FALSE, IGNORED, Finds, normalised_mean_error
from convert.evaluate.detectors import DetectionRun, JudgedScene, detection_figures
from convert.evaluate.figures import recorded
from convert.evaluate.progress import Coverage, spread

POINTS = np.array([(2, 3), (8, 3), (5, 5), (3, 8), (7, 8)], np.float32)


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def finds(found: np.ndarray, true: np.ndarray, unsure: np.ndarray | None = None, scores: list[float] = ()) -> Finds:
    """Finds, by default with scores 0.9, 0.8, …, all with the same landmarks."""
    given_scores = np.array(scores or [0.9 - 0.1 * index for index in range(len(found))], np.float32)
    return Finds.of(found, given_scores, np.tile(POINTS, (len(found), 1, 1)), true, unsure)


def run_of(*scenes: tuple[Scene, Finds], threshold: float = 0.7) -> DetectionRun:
    judged = [JudgedScene(scene, found) for scene, found in scenes]
    return DetectionRun(threshold, Coverage("pictures", len(scenes), len(scenes)), judged)


def test_a_find_belongs_to_what_it_overlaps_most() -> None:
    found = boxes((0, 0, 10, 10), (50, 50, 60, 60))
    assert finds(found, boxes((50, 50, 60, 61), (1, 0, 11, 10))).matches().tolist() == [1, 0]


def test_a_second_find_of_one_object_is_false() -> None:
    found = boxes((0, 0, 10, 10), (1, 1, 11, 11), (50, 50, 60, 60))
    assert finds(found, boxes((1, 1, 11, 11), (80, 80, 90, 90))).matches().tolist() == [0, FALSE, FALSE]


def test_a_find_on_an_ignored_region_counts_neither_way() -> None:
    found = boxes((0, 0, 10, 10), (30, 30, 40, 40), (30, 30, 40, 41), (60, 60, 70, 70))
    matches = finds(found, boxes((0, 0, 10, 10)), boxes((30, 30, 40, 40))).matches()
    assert matches.tolist() == [0, IGNORED, IGNORED, FALSE]


@pytest.mark.parametrize(
    ("found", "true", "expected"),
    [
        (boxes(), boxes((0, 0, 1, 1)), []),
        (boxes((0, 0, 1, 1)), boxes(), [FALSE]),
        (boxes((0, 0, 10, 10)), boxes((0, 0, 10, 21)), [FALSE]),
    ],
    ids=["nothing found", "nothing there", "overlap below a half"],
)
def test_nothing_matches(found: np.ndarray, true: np.ndarray, expected: list[int]) -> None:
    assert finds(found, true).matches().tolist() == expected


def test_landmark_error_is_in_eye_distances() -> None:
    true = np.array([(0, 0), (10, 0), (5, 5), (2, 9), (8, 9)], np.float32)
    assert normalised_mean_error(true + np.array([0, 1], np.float32), true) == pytest.approx(0.1)


def test_average_precision_by_hand() -> None:
    # Right, false, right, false, of three objects: precision 1 at recall 1/3, 2/3 at recall 2/3; the last is missed.
    found = boxes((0, 0, 10, 10), (50, 50, 60, 60), (20, 0, 30, 10), (70, 70, 80, 80))
    curve = precision_recall([finds(found, boxes((0, 0, 10, 10), (20, 0, 30, 10), (90, 90, 99, 99)))], 3)
    assert curve.recall == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert curve.precision == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2])
    assert curve.average_precision == pytest.approx(1 / 3 + 1 / 3 * 2 / 3)


def test_the_envelope_takes_the_best_precision_of_a_higher_recall() -> None:
    curve = PrecisionRecall(np.array([0.2, 0.4, 0.6]), np.array([0.5, 0.8, 0.6]))
    assert curve.average_precision == pytest.approx(0.2 * 0.8 + 0.2 * 0.8 + 0.2 * 0.6)


def test_scores_are_compared_over_all_pictures() -> None:
    right = finds(boxes((0, 0, 10, 10)), boxes((0, 0, 10, 10)), scores=[0.6])
    false = finds(boxes((0, 0, 10, 10)), boxes(), scores=[0.9])
    assert precision_recall([right, false], 1).average_precision == pytest.approx(0.5)
    assert precision_recall([right], 1).average_precision == pytest.approx(1.0)


def test_finds_of_one_score_are_let_in_together() -> None:
    both = finds(boxes((0, 0, 10, 10), (50, 50, 60, 60)), boxes((0, 0, 10, 10)), scores=[0.8, 0.8])
    assert precision_recall([both], 1).average_precision == pytest.approx(0.5)


def test_ignored_finds_leave_average_precision_alone() -> None:
    found = boxes((30, 30, 40, 40), (0, 0, 10, 10))
    assert precision_recall([finds(found, boxes((0, 0, 10, 10)), boxes((30, 30, 40, 40)))], 1).average_precision == 1


@pytest.mark.parametrize(("found", "annotated"), [(boxes(), 1), (boxes((0, 0, 1, 1)), 0)], ids=["no find", "no object"])
def test_no_curve(found: np.ndarray, annotated: int) -> None:
    assert precision_recall([finds(found, boxes())], annotated) is None


@settings(max_examples=60, deadline=None)
@given(arrays(np.bool_, st.integers(1, 30)), st.integers(0, 5))
def test_average_precision_lies_between_nothing_and_recall(right: np.ndarray, missed: int) -> None:
    true = boxes(*((20.0 * i, 0, 20.0 * i + 10, 10) for i in range(len(right))))
    found = true + np.where(right, 0, 1000)[:, None].astype(np.float32)
    scores = np.linspace(0.9, 0.1, len(right)).tolist()
    annotated = int(right.sum()) + missed
    curve = precision_recall([finds(found, true[right], scores=scores)], annotated)
    if curve is not None:
        assert 0 <= curve.average_precision <= curve.recall[-1] + 1e-12


def test_run_by_hand() -> None:
    full = Scene(Path("a.jpg"), "a", boxes((0, 0, 10, 10), (50, 50, 80, 60)), np.stack([POINTS, POINTS]), complete=True)
    empty = Scene(Path("b.jpg"), "b")
    run = run_of(
        (full, finds(boxes((0, 0, 10, 10), (50, 50, 80, 60)), full.boxes, scores=[0.9, 0.4])),
        (empty, finds(boxes((0, 0, 10, 10)), boxes())),
    )
    figures = detection_figures(run)
    expected = {
        "recall": 0.5,
        "precision": 0.5,
        "nme": 0.0,
        "annotated": 2,
        "found": 2,
        "matched": 1,
        "pictures": 2,
        "pictures_annotated_completely": 1,
        "average_precision": 0.666667,  # at 0.9 one of two is right, at 0.4 two of three
    }
    assert {key: figures[key] for key in expected} == expected, "the find at 0.4 is below the bundle's threshold"
    assert figures["by_size"] == [
        {"from_px": 0, "to_px": 20, "recall": 1.0, "n": 1},
        {"from_px": 20, "to_px": 40, "recall": 0.0, "n": 1},
    ]


def test_recall_falls_as_finds_must_be_nearer() -> None:
    scene = Scene(Path("a.jpg"), "a", boxes((0, 0, 10, 10)))
    figures = detection_figures(run_of((scene, finds(boxes((0, 0, 10, 8)), scene.boxes))))["over_iou"]
    recall = dict(zip(figures["iou"], figures["recall"], strict=True))
    assert (recall[0.3], recall[0.75], recall[0.85]) == (1.0, 1.0, 0.0)


def test_points_given_as_zeros_are_no_landmarks() -> None:
    scene = Scene(Path("a.jpg"), "a", boxes((0, 0, 10, 10)), np.zeros((1, 5, 2), np.float32))
    figures = detection_figures(run_of((scene, finds(boxes((0, 0, 10, 10)), scene.boxes))))
    assert (figures["recall"], figures["nme"], figures["landmark_errors"]) == (1.0, None, None)


def test_a_manifest_keeps_neither_curves_nor_names_of_files() -> None:
    scene = Scene(Path("a.jpg"), "a", boxes((0, 0, 10, 10)), POINTS[None])
    kept = recorded(detection_figures(run_of((scene, finds(boxes((0, 0, 10, 10)), scene.boxes)))))
    assert {"recall", "precision", "nme", "over_iou"} <= set(kept)
    assert not {"skipped", "precision_recall", "landmark_errors"} & set(kept)


def test_an_empty_run_has_no_ratios() -> None:
    figures = detection_figures(run_of())
    assert [figures[key] for key in ("recall", "precision", "nme", "average_precision")] == [None] * 4


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(None, [0, 1, 2, 3, 4]), (9, [0, 1, 2, 3, 4]), (3, [0, 2, 4]), (1, [0])],
    ids=["no limit", "more than there are", "from first to last", "one"],
)
def test_a_limit_is_spread_evenly(limit: int | None, expected: list[int]) -> None:
    assert list(spread(range(5), limit)) == expected
