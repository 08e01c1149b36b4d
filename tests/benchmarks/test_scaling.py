"""The curves of cost: what the pictures show, and the lines through what was measured."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="benchmarks need vigil[convert]")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from scaling import FACES, SIZES, STAGE_SIZE, TILE_PX, Measured, in_words, line, picture, plot, portrait, report

from edge.inference import Task
from edge.perception.observer import Observer
from edge.vision.settings import DetectionSettings


@pytest.fixture(scope="module")
def tile() -> np.ndarray:
    return portrait()


def measured(x: float, ms: float, observer: Any = None) -> Measured:
    return Measured(x, f"{x:g}", np.zeros((2, 2, 3), np.uint8), observer, alone=[ms, ms], stream=[ms / 2])


def test_as_many_faces_are_found_as_are_drawn(models_dir: Path, tile: np.ndarray) -> None:
    observer = Observer.load(models_dir, {Task.FACES}, DetectionSettings())
    for faces in (0, 1, max(FACES)):
        image = picture(STAGE_SIZE, faces, tile)
        assert image.shape == (STAGE_SIZE[1], STAGE_SIZE[0], 3)
        assert len(observer.analyze(image).faces) == faces


def test_a_tile_fits_into_every_size(tile: np.ndarray) -> None:
    assert tile.shape == (TILE_PX, TILE_PX, 3)
    for width, height in SIZES:
        assert picture((width, height), 1, tile).shape == (height, width, 3)


def test_a_picture_is_measured_alone_and_as_a_stream(models_dir: Path, tile: np.ndarray) -> None:
    observer = Observer.load(models_dir, {Task.FACES}, DetectionSettings())
    point = Measured(0.0, "small", picture(SIZES[0], 1, tile), observer)
    point.show()
    point.show()
    assert len(point.alone) == len(point.stream) == 2
    assert min(point.alone + point.stream) > 0


def test_the_line_through_a_curve() -> None:
    points = [measured(x, 2 + 3 * x) for x in range(5)]
    fit = line(points, [2 + 3 * point.x for point in points])
    assert (fit.start, fit.slope, fit.r2) == pytest.approx((2, 3, 1))


def test_figures_as_table_and_plot(tmp_path: Path) -> None:
    found = report({name: [measured(x, 2 + 3 * x) for x in range(4)] for name in ("pixels", "faces")})
    assert found["faces"]["lines"]["alone"]["slope"] == pytest.approx(3)
    assert "2.00 ms + 3.00 ms a megapixel" in in_words(found)
    plot(found, tmp_path / "curves.svg")
    assert 0 < (tmp_path / "curves.svg").stat().st_size < 100_000
