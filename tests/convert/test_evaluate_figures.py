"""Figures by hand."""

import numpy as np
import pytest

from convert.evaluate.classification import area_under_roc, classification_figures, fit_temperature
from convert.evaluate.detection import DetectionTally, match, normalised_mean_error
from convert.evaluate.report import format_result

LABELS = ("a", "b", "c")


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_classes_by_hand() -> None:
    # Two a (one taken for b), two b, no c; c is never found.
    scores = np.array([[3, 1, 0], [0, 2, 1], [0, 5, 0], [1, 2, 0]], np.float32)
    figures = classification_figures(scores, np.array([0, 0, 1, 1]), LABELS)
    assert figures["accuracy"] == 0.75
    assert figures["per_class"] == {
        "a": {"precision": 1.0, "recall": 0.5, "n": 2},
        "b": {"precision": 0.666667, "recall": 1.0, "n": 2},
    }
    assert figures["confusion"] == {"labels": list(LABELS), "matrix": [[1, 1, 0], [0, 2, 0], [0, 0, 0]]}


def test_a_class_never_found_has_no_precision() -> None:
    figures = classification_figures(np.array([[1, 0, 0]], np.float32), np.array([2]), LABELS)
    assert figures["per_class"] == {"c": {"precision": None, "recall": 0.0, "n": 1}}


@pytest.mark.parametrize("truth", [0.5, 1.0, 3.0])
def test_temperature_is_found_again(truth: float) -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, (20000, 3))
    chances = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    targets = np.array([rng.choice(3, p=row) for row in chances])
    assert fit_temperature((honest * truth).astype(np.float32), targets) == pytest.approx(truth, rel=0.05)


@pytest.mark.parametrize(
    ("scores", "positive", "area"),
    [
        ([0.1, 0.2, 0.8, 0.9], [False, False, True, True], 1.0),
        ([0.9, 0.8, 0.2, 0.1], [False, False, True, True], 0.0),
        ([0.5, 0.5, 0.5], [True, False, False], 0.5),
        ([0.1, 0.5, 0.5, 0.9], [False, True, False, True], 0.875),
    ],
    ids=["all above", "all below", "ties", "one tie of four pairs"],
)
def test_area_under_roc(scores: list[float], positive: list[bool], area: float) -> None:
    assert area_under_roc(np.array(scores), np.array(positive)) == area


def test_the_better_find_takes_the_object() -> None:
    found = boxes((0, 0, 10, 10), (1, 1, 11, 11), (50, 50, 60, 60))
    assert match(found, boxes((1, 1, 11, 11), (80, 80, 90, 90))) == [(0, 0)]


@pytest.mark.parametrize(
    ("found", "true"),
    [(boxes(), boxes((0, 0, 1, 1))), (boxes((0, 0, 1, 1)), boxes()), (boxes((0, 0, 10, 10)), boxes((0, 0, 10, 21)))],
    ids=["nothing found", "nothing there", "overlap below a half"],
)
def test_no_pair(found: np.ndarray, true: np.ndarray) -> None:
    assert match(found, true) == []


def test_landmark_error_is_in_eye_distances() -> None:
    true = np.array([(0, 0), (10, 0), (5, 5), (2, 9), (8, 9)], np.float32)
    assert normalised_mean_error(true + np.array([0, 1], np.float32), true) == pytest.approx(0.1)


def test_tally_by_hand() -> None:
    tally = DetectionTally()
    points = np.array([[(2, 3), (8, 3), (5, 5), (3, 8), (7, 8)]], np.float32)
    tally.add(boxes((0, 0, 10, 10)), boxes((0, 0, 10, 10), (50, 50, 60, 60)), points, np.concatenate([points, points]))
    tally.add(boxes((0, 0, 10, 10)), boxes(), points, None)
    assert tally.figures() == {
        "recall": 0.5,
        "precision": 0.5,
        "nme": 0.0,
        "annotated": 2,
        "found": 2,
        "matched": 1,
    }


def test_an_empty_tally_has_no_ratios() -> None:
    figures = DetectionTally().figures()
    assert (figures["recall"], figures["precision"], figures["nme"]) == (None, None, None)


def test_tables_name_every_figure() -> None:
    figures = classification_figures(np.array([[3, 1, 0], [0, 2, 1]], np.float32), np.array([0, 1]), LABELS)
    text = format_result({"task": "t", "bundle": "b", "data": "d", "n": 2, "int8": figures, "float": figures})
    assert "t: b on d, n = 2" in text
    assert [line.split() for line in text.splitlines() if line.startswith("accuracy")] == [
        ["accuracy", "1.0000", "1.0000"]
    ]
    assert sum(line.startswith("b ") for line in text.splitlines()) == 2, "in the table of classes and the confusion"
