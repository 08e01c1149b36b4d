"""The benchmark of other light: what it makes of a picture."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="benchmarks need vigil[convert]")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import light

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", light.LIGHTS)
def test_a_light_changes_neither_the_size_nor_the_picture_itself(name: str) -> None:
    before = PICTURE.copy()
    lit = light.LIGHTS[name](PICTURE)
    assert (lit.shape, lit.dtype) == (PICTURE.shape, np.uint8)
    np.testing.assert_array_equal(PICTURE, before)


def test_lights_are_what_their_names_say() -> None:
    means = {name: change(PICTURE).mean(axis=(0, 1)) for name, change in light.LIGHTS.items()}
    taken = means["as taken"]
    assert np.ptp(light.grey(PICTURE), axis=2).max() == 0
    assert means["warm"][2] > taken[2] > means["cold"][2]
    assert means["warm"][0] < taken[0] < means["cold"][0]
    assert means["dim"].mean() < means["dark"].mean() < taken.mean() < means["bright"].mean()


def test_a_dim_picture_has_the_same_noise_each_time() -> None:
    np.testing.assert_array_equal(light.LIGHTS["dim"](PICTURE), light.LIGHTS["dim"](PICTURE))
