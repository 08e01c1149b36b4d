"""Cross-validation of identity: the pairs of several trainings as one result."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from identity_folds import Judged, pooled

from convert.evaluate.pairs import Pair
from edge.errors import ConfigError


def judged(*folds: int) -> Judged:
    """Two pairs of one person and two of strangers in each fold, all told apart but one."""
    pairs = [Pair(Path("a"), Path("b"), same, fold) for fold in folds for same in (True, True, False, False)]
    return Judged(pairs, np.tile([0.9, 0.8, 0.2, 0.1], len(folds)))


def test_folds_of_several_trainings_are_one_result() -> None:
    figures = pooled([judged(0, 1), judged(2)])
    assert (figures["accuracy"], figures["same"], figures["different"]) == (1.0, 6, 6)
    assert len(figures["folds"]) == 3


def test_a_fold_judged_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"received \[\[0, 1\], \[1\]\]"):
        pooled([judged(0, 1), judged(1)])
