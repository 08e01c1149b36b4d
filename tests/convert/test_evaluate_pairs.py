"""Pairs of people: the list, the folds and their thresholds, by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convert.data.errors import DataError
from convert.evaluate.pairs import read_pairs
from convert.evaluate.verification import best_threshold, fold_accuracies, verification_figures


def listed(folder: Path, text: str) -> Path:
    file = folder / "pairs.txt"
    file.write_text(text)
    return file


def test_folds_as_given(tmp_path: Path) -> None:
    (tmp_path / "Ann").mkdir()
    (tmp_path / "Ann" / "Ann_0002.png").touch()
    text = "2\t1\nAnn\t1\t2\nAnn\t1\tBob\t3\nBob\t1\t2\nBob\t1\tCy\t1\n"
    pairs = read_pairs(listed(tmp_path, text), tmp_path)
    assert [(pair.same, pair.fold) for pair in pairs] == [(True, 0), (False, 0), (True, 1), (False, 1)]
    assert (pairs[0].first, pairs[0].second) == (tmp_path / "Ann/Ann_0001.jpg", tmp_path / "Ann/Ann_0002.png")
    assert pairs[1].second == tmp_path / "Bob/Bob_0003.jpg"


def test_a_list_without_folds_is_cut_into_ten(tmp_path: Path) -> None:
    text = "20\n" + "Ann 1 2\n" * 20 + "Ann 1 Bob 1\n" * 20
    folds = [(pair.same, pair.fold) for pair in read_pairs(listed(tmp_path, text), tmp_path)]
    assert all(folds.count((same, fold)) == 2 for same in (True, False) for fold in range(10))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected the number of folds"),
        ("ten\n", "received 'ten'"),
        ("0 1\n", "expected the number of folds"),
        ("1\nAnn 1 2\n", "promises 1 × 2 × 1 pairs, received 1"),
        ("1\nAnn 1 2\nAnn one Bob 1\n", ":3: expected `name i j`"),
        ("1\nAnn 1 2\nAnn 1\n", ":3: expected `name i j`"),
    ],
    ids=["empty", "no number", "no fold", "too few lines", "no photo's number", "too few fields"],
)
def test_unfit_lists_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=r"pairs\.txt") as error:
        read_pairs(listed(tmp_path, text), tmp_path)
    assert words in str(error.value)


def test_a_missing_list(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't read this list of pairs"):
        read_pairs(tmp_path / "nowhere.txt", tmp_path)


@pytest.mark.parametrize(
    ("similarities", "same", "threshold"),
    [
        ([0.1, 0.3, 0.7, 0.9], [False, False, True, True], 0.5),
        ([0.1, 0.3, 0.3, 0.9], [False, True, False, True], 0.6),
        ([0.1, 0.9], [True, True], 0.1 - 1e-6),
        ([0.1, 0.9], [False, False], 0.9 + 1e-6),
    ],
    ids=["between", "middle one of two equally good", "let all in", "let nobody in"],
)
def test_best_threshold(similarities: list[float], same: list[bool], threshold: float) -> None:
    assert best_threshold(np.array(similarities), np.array(same)) == pytest.approx(threshold)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=30))
def test_no_threshold_is_better(drawn: list[tuple[int, bool]]) -> None:
    similarities, same = np.array([s / 5 for s, _ in drawn]), np.array([same for _, same in drawn])
    right = np.sum((similarities >= best_threshold(similarities, same)) == same)
    assert right == max(np.sum((similarities >= tried) == same) for tried in np.arange(-1.1, 1.3, 0.1))


def test_a_fold_does_not_choose_its_own_threshold() -> None:
    """The second fold's similarities are shifted: with the first fold's threshold half of it comes out wrong."""
    similarities = np.array([0.1, 0.9, 0.6, 0.95])
    same = np.array([False, True, False, True])
    accuracies, thresholds = fold_accuracies(similarities, same, np.array([0, 0, 1, 1]))
    assert thresholds == pytest.approx([0.775, 0.5])
    assert accuracies.tolist() == [1.0, 0.5]
    figures = verification_figures(similarities, same, np.array([0, 0, 1, 1]))
    assert figures["accuracy"] == 0.75
    assert figures["standard_error"] == 0.25
    assert figures["auc"] == 1.0
    assert (figures["same"], figures["different"], figures["tar_at_far_1e-3"]) == (2, 2, 1.0)


def test_one_kind_of_pair_has_no_roc() -> None:
    figures = verification_figures(np.array([0.2, 0.4]), np.array([True, True]), np.array([0, 1]))
    assert (figures["accuracy"], figures["auc"], figures["roc"]) == (0.5, None, None)
