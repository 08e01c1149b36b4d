"""Counting finds: hand-computed cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the extra 'convert'")

from convert.data.scenes import Scene
from convert.training.cascade.detect import probability
from convert.training.scenes.judge import Found, Tally, count, normalised_error

POINTS = np.array([[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]], np.float32)


def found(*boxes: list[float]) -> Found:
    n = len(boxes)
    return Found(
        np.array(boxes, np.float32).reshape(n, 4), np.ones(n, np.float32), np.repeat(POINTS[None], n, 0) + np.float32(2)
    )


def test_a_hit_a_miss_and_a_false_find() -> None:
    scene = Scene(
        Path("x"),
        "g",
        boxes=np.array([[0, 0, 40, 40], [100, 0, 140, 40]], np.float32),
        landmarks=np.stack([POINTS, POINTS]),
        unsure=np.array([[0, 100, 40, 140]], np.float32),
    )
    tally = Tally()
    count(tally, found([0, 0, 40, 40], [0, 100, 40, 140], [200, 200, 240, 240]), scene, smallest=0)
    summary = tally.summary()
    assert (summary.objects, summary.recall, summary.false_per_image) == (2, 0.5, 1.0)
    assert summary.nme == pytest.approx(np.sqrt(8) / 20)


def test_small_objects_dont_count() -> None:
    scene = Scene(Path("x"), "g", boxes=np.array([[0, 0, 10, 12]], np.float32))
    tally = Tally()
    count(tally, found(), scene, smallest=20)
    assert tally.summary().recall is None


def test_normalised_error_is_in_distances_between_the_eyes() -> None:
    assert normalised_error(POINTS + np.float32([2, 0]), POINTS) == pytest.approx(0.1)


def test_probability_is_the_logistic_function_of_the_margin() -> None:
    np.testing.assert_allclose(probability(np.array([[0, 0], [0, np.log(3)]], np.float32)), [0.5, 0.75])
