"""Pictures of drawn faces: made once, the same again from the same seed, and nothing in them is a face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convert.data import drawn_faces
from convert.data.drawings import STYLES, Drawing, draw
from convert.data.errors import DataError
from edge.inference import Task, default_models_dir, load_bundle
from edge.vision.cascade import Cascade

GREY, BLACK = (200.0, 200.0, 200.0), (10.0, 10.0, 10.0)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(10))
def test_every_style_has_eyes_in_the_upper_half_of_its_sheet(style, seed: int) -> None:  # type: ignore[no-untyped-def]
    drawing = Drawing()
    style(drawing, GREY, BLACK, np.random.default_rng(seed))
    inked = (drawing.cover > 0.9) & (drawing.colour[..., 0] < 50)
    left, right = inked[60:140, 40:128], inked[60:140, 128:216]
    assert left.sum() > 20
    assert right.sum() > 20
    assert 0 < drawing.cover.mean() < 0.9


@pytest.mark.parametrize("seed", range(20))
def test_a_drawing_stays_within_colours_and_cover(seed: int) -> None:
    colour, cover = draw(np.random.default_rng(seed))
    assert colour.shape == (*cover.shape, 3)
    assert 0 <= colour.min() <= colour.max() <= 255
    assert 0 <= cover.min() < cover.max() <= 1


def test_pictures_have_drawings_and_are_the_same_from_one_seed() -> None:
    photo = np.full((240, 320, 3), 120, np.uint8)
    first, again, other = (drawn_faces.drawn_faces(photo, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == (drawn_faces.HEIGHT, drawn_faces.WIDTH, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (np.abs(first.astype(int) - 120) > 40).any()


def test_without_photos_the_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="bsds500_no_people"):
        drawn_faces.make_drawn_faces(tmp_path, tmp_path / "out", 0.1, np.random.default_rng(0))


def test_the_shipped_cascade_takes_hardly_a_drawing_for_a_face() -> None:
    """Of some 300 drawings; the networks before those that were shown drawings took about a third for faces."""
    cascade = Cascade.of(load_bundle(default_models_dir() / "faces", Task.FACES), 20)
    rng = np.random.default_rng(123)
    walls = [np.full((240, 320, 3), grey, np.uint8) for grey in (30, 90, 150, 210)] * 25
    assert sum(len(cascade.detect(drawn_faces.drawn_faces(wall, rng))) for wall in walls) <= 5
