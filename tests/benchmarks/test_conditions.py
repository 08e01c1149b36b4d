"""The benchmark of other conditions: what it makes of a picture."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="benchmarks need vigil[convert]")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import conditions

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", conditions.CONDITIONS)
def test_a_condition_changes_neither_the_size_nor_the_picture_itself(name: str) -> None:
    before = PICTURE.copy()
    seen = conditions.CONDITIONS[name](PICTURE)
    assert (seen.shape, seen.dtype) == (PICTURE.shape, np.uint8)
    np.testing.assert_array_equal(PICTURE, before)


def test_conditions_are_what_their_names_say() -> None:
    means = {name: change(PICTURE).mean(axis=(0, 1)) for name, change in conditions.CONDITIONS.items()}
    taken = means["as taken"]
    assert np.ptp(conditions.grey(PICTURE), axis=2).max() == 0
    assert means["warm"][2] > taken[2] > means["cold"][2]
    assert means["warm"][0] < taken[0] < means["cold"][0]
    assert means["dim"].mean() < means["dark"].mean() < taken.mean() < means["bright"].mean()


def test_a_dim_picture_has_the_same_noise_each_time() -> None:
    np.testing.assert_array_equal(conditions.CONDITIONS["dim"](PICTURE), conditions.CONDITIONS["dim"](PICTURE))


def test_a_smear_is_along_its_line_only() -> None:
    def steps(name: str, axis: int) -> float:
        return float(np.abs(np.diff(conditions.CONDITIONS[name](PICTURE).astype(int), axis=axis)).mean())

    assert steps("moved across", axis=1) < 0.6 * steps("moved across", axis=0)
    assert steps("moved along", axis=0) < 0.6 * steps("moved along", axis=1)
    assert steps("unsharp", axis=1) < steps("as taken", axis=1)
