"""Figures by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from convert.evaluate.calibration import calibration_figures, fit_temperature, reliability
from convert.evaluate.classification import classification_figures, probability_figures
from convert.evaluate.figures import CURVE_POINTS, curve, interval
from convert.evaluate.roc import Roc, roc_curve

LABELS = ("a", "b", "c")


def honest_answers(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits ``(n, 3)``, and classes drawn with the probabilities that these promise."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 3))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return logits.astype(np.float32), np.array([rng.choice(3, p=row) for row in chances])


# Two a (one taken for b), two b, no c; c is never found.
SCORES = np.array([[3, 1, 0], [0, 2, 1], [0, 5, 0], [1, 2, 0]], np.float32)
TARGETS = np.array([0, 0, 1, 1])


def test_classes_by_hand() -> None:
    figures = classification_figures(SCORES, TARGETS, LABELS)
    assert figures["accuracy"] == 0.75
    assert figures["balanced_accuracy"] == 0.75
    assert figures["per_class"] == {
        "a": {"precision": 1.0, "recall": 0.5, "n": 2},
        "b": {"precision": 0.666667, "recall": 1.0, "n": 2},
    }
    assert figures["confusion"] == {"labels": list(LABELS), "matrix": [[1, 1, 0], [0, 2, 0], [0, 0, 0]]}


def test_a_frequent_class_carries_accuracy_but_not_its_balance() -> None:
    figures = classification_figures(np.tile(np.float32([1, 0, 0]), (10, 1)), np.array([0] * 9 + [1]), LABELS)
    assert (figures["accuracy"], figures["balanced_accuracy"]) == (0.9, 0.5)


def test_a_class_never_found_has_no_precision() -> None:
    figures = classification_figures(np.array([[1, 0, 0]], np.float32), np.array([2]), LABELS)
    assert figures["per_class"] == {"c": {"precision": None, "recall": 0.0, "n": 1}}


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(5, 10, (0.2366, 0.7634)), (0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (90, 100, (0.8256, 0.9448))],
    ids=["half", "none: no negative share", "all: no share above 1", "textbook"],
)
def test_interval_of_a_share(part: int, whole: int, expected: tuple[float, float]) -> None:
    assert interval(part, whole) == pytest.approx(expected, abs=1e-4)


def test_no_interval_of_nothing() -> None:
    assert interval(0, 0) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_an_interval_holds_its_share(shares: tuple[int, int]) -> None:
    part, whole = shares
    low, high = interval(part, whole)
    assert -1e-6 <= low <= part / whole <= high <= 1 + 1e-6


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    x = np.linspace(0, 1, 1000)
    thinned = curve(x=x, y=x**8)
    assert len(thinned["x"]) <= CURVE_POINTS
    assert (thinned["x"][0], thinned["x"][-1]) == (0, 1)
    steps = np.diff(thinned["y"])
    assert steps.max() < 0.05, "points gather where the curve is steep"


@pytest.mark.parametrize("truth", [0.5, 1.0, 3.0])
def test_temperature_is_found_again(truth: float) -> None:
    logits, targets = honest_answers(20000)
    assert fit_temperature(logits * np.float32(truth), targets) == pytest.approx(truth, rel=0.05)


def test_calibration_error_by_hand() -> None:
    # Two answers at 0.9 of which one is right, and two at 0.6 of which both are: (2·|0.9 - 0.5| + 2·|0.6 - 1|) / 4.
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    binned = reliability(probabilities, np.array([0, 1, 1, 1]))
    assert binned.error == pytest.approx(0.4)
    assert binned.counts.tolist() == [2, 2]
    assert binned.confidence == pytest.approx([0.6, 0.9])
    assert binned.accuracy == pytest.approx([1.0, 0.5])


def test_the_surest_answers_are_counted() -> None:
    assert reliability(np.array([[1.0, 0.0]]), np.array([0])).error == 0


def test_calibration_tells_what_a_temperature_is_worth() -> None:
    logits, targets = honest_answers(6000)
    figures = calibration_figures(logits * np.float32(3), targets, 3.0)
    assert figures["ece"] < 0.03 < 0.1 < figures["ece_at_1"]
    assert figures["ece_refitted"] < 0.03
    assert figures["temperature_of_these_data"] == pytest.approx(3, rel=0.05)


def test_one_answer_cannot_be_halved() -> None:
    assert calibration_figures(np.array([[1, 0]], np.float32), np.array([0]), 1.0)["ece_refitted"] is None


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
    assert roc_curve(np.array(scores), np.array(positive)).area == area


def test_roc_by_hand() -> None:
    roc = roc_curve(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, False]))
    assert roc.false_positives.tolist() == [0, 0, 0.5, 0.5, 1]
    assert roc.true_positives.tolist() == [0, 0.5, 0.5, 1, 1]
    assert roc.true_positives_at(0.0) == 0.5
    assert roc.true_positives_at(0.5) == 1.0
    assert roc.equal_error == 0.5


def test_a_strict_roc_is_read_at_each_rate() -> None:
    scores = np.concatenate([[0.95, 0.85, 0.75], np.linspace(0.9, 0, 1000)])
    strict = roc_curve(scores, np.arange(len(scores)) < 3).strict_figures()
    tpr = dict(zip(strict["fpr"], strict["tpr"], strict=True))
    assert (tpr[0.0001], tpr[1.0]) == (0.3333, 1.0)
    assert tpr[max(rate for rate in tpr if rate < 0.05)] == 0.3333, "56 of the 1,000 negatives lie above 0.85"
    assert tpr[min(rate for rate in tpr if rate > 0.06)] == 0.6667


@pytest.mark.parametrize("positive", [[True, True], [False, False]], ids=["only positives", "only negatives"])
def test_no_roc_of_one_kind(positive: list[bool]) -> None:
    assert roc_curve(np.array([0.1, 0.2]), np.array(positive)) is None


def test_equal_error_lies_between_two_points() -> None:
    # From (0.1, 0.7) to (0.3, 0.9) the refused fall from 0.3 to 0.1 while the let in rise from 0.1 to 0.3.
    assert Roc(np.array([0, 0.1, 0.3, 1]), np.array([0, 0.7, 0.9, 1])).equal_error == pytest.approx(0.2)


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.int64, st.integers(2, 40), elements=st.integers(0, 5)).flatmap(
        lambda scores: st.tuples(st.just(scores), arrays(np.bool_, len(scores)))
    )
)
def test_the_area_is_the_chance_to_rank_a_pair_rightly(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    scores, positive = drawn
    roc = roc_curve(scores.astype(float), positive)
    if roc is None:
        return
    above = scores[positive][:, None] - scores[~positive][None]
    assert roc.area == pytest.approx(np.mean((above > 0) + 0.5 * (above == 0)))
    assert np.all(np.diff(roc.false_positives) >= 0)
    assert np.all(np.diff(roc.true_positives) >= 0)
    assert 0 <= roc.equal_error <= 1


def test_probabilities_are_judged_by_class() -> None:
    figures = probability_figures(SCORES, TARGETS, LABELS, 1.0)
    assert figures["per_class"]["a"]["auc"] == 0.75, "one a in two stands above both b, the other below both or one"
    assert set(figures["roc"]) == {"a", "b"}, "no class c to tell from the others"
    assert figures["auc"] == pytest.approx(np.mean([figures["per_class"][label]["auc"] for label in "ab"]), abs=1e-6)
    assert figures["ece"] == figures["calibration"]["ece"]


def test_one_class_has_no_roc() -> None:
    figures = probability_figures(SCORES[:2], TARGETS[:2], LABELS, 1.0)
    assert (figures["auc"], figures["roc"], figures["per_class"]["a"]["auc"]) == (None, {}, None)
