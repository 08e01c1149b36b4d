"""Windows moved once more in training: pixels and targets together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convert.training.cascade.augment import CutOff, Jitter, cut_off, jitter, saturate
from convert.training.cascade.samples import NEGATIVE, PART, POSITIVE, WINDOW, Samples

SIDE = 48


def spots(points: np.ndarray) -> Samples:
    """Windows with a soft white spot each, at ``points`` ``(n, 2)``, pixels: all landmarks and the box's middle."""
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    distance = (columns - points[:, 0, None, None]) ** 2 + (rows - points[:, 1, None, None]) ** 2
    crops = np.repeat((255 * np.exp(-distance / 18))[..., None], 3, -1).astype(np.uint8)
    n, place = len(points), (points / SIDE).astype(np.float32)
    box = np.concatenate([place - 0.2, place + 0.2], 1) - WINDOW
    return Samples(crops, np.full(n, POSITIVE, np.int8), box, np.tile(place, 5), np.ones(n, bool))


def centre_of_light(crops: np.ndarray) -> np.ndarray:
    """``(n, 2)`` in sides of the window."""
    light = crops[..., 0].astype(float)
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    total = light.sum((1, 2))
    return np.stack([(light * columns).sum((1, 2)) / total, (light * rows).sum((1, 2)) / total], 1) / SIDE


@given(st.integers(0, 2**32 - 1))
def test_points_and_box_follow_the_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    moved = jitter(spots(rng.uniform(18, 30, (8, 2))), Jitter(shift=0.1, zoom=0.1), rng)
    seen = centre_of_light(moved.crops)
    assert np.abs(moved.landmarks.reshape(8, 5, 2) - seen[:, None]).max() < 0.005
    edges = moved.box + WINDOW
    assert np.abs((edges[:, :2] + edges[:, 2:]) / 2 - seen).max() < 0.005


def test_negatives_and_kinds_stay_as_they_are() -> None:
    samples = spots(np.full((3, 2), 24.0))
    samples.kind[:] = NEGATIVE, PART, POSITIVE
    moved = jitter(samples, Jitter(shift=0.1, zoom=0.1), np.random.default_rng(0))
    assert (moved.kind == samples.kind).all()
    assert (moved.crops[0] == samples.crops[0]).all()
    assert (moved.box[0] == samples.box[0]).all()
    assert (moved.crops[1:] != samples.crops[1:]).any((1, 2, 3)).all()


def test_a_batch_without_an_object_is_left_as_it_is() -> None:
    samples = spots(np.full((3, 2), 24.0))
    samples.kind[:] = NEGATIVE
    moved = jitter(samples, Jitter(shift=0.1, zoom=0.1), np.random.default_rng(0))
    assert (moved.crops == samples.crops).all()


def test_no_span_changes_nothing() -> None:
    samples = spots(np.full((2, 2), 20.0))
    moved = jitter(samples, Jitter(shift=0.0, zoom=0.0), np.random.default_rng(0))
    assert (moved.crops == samples.crops).all()
    assert np.allclose(moved.box, samples.box, atol=1e-6)
    assert np.allclose(moved.landmarks, samples.landmarks, atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_beyond_the_edge_that_cuts_an_object_off_its_last_pixels_are_repeated(seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = spots(np.full((8, 2), 24.0))
    samples.crops[:] = rng.integers(0, 256, samples.crops.shape)
    cut = cut_off(samples, CutOff(share=1.0, depth=0.5), rng)
    assert (cut.box == samples.box).all()
    assert (cut.landmarks == samples.landmarks).all()
    for before, after in zip(samples.crops, cut.crops, strict=True):
        first, last = 0.3 * SIDE, 0.7 * SIDE  # of the object, which loses up to half
        changed = np.argwhere((before != after).any(-1))
        assert len(changed)
        edges = [views(before, after, way) for way in range(4)]
        assert any((a[n:] == b[n:]).all() and (a[:n] == b[n]).all() for b, a in edges for n in lines(first, last))


def test_windows_without_an_object_are_cut_off_too() -> None:
    samples = spots(np.full((4, 2), 24.0))
    samples.kind[:] = NEGATIVE
    samples.crops[:] = np.random.default_rng(0).integers(0, 256, samples.crops.shape)
    cut = cut_off(samples, CutOff(share=1.0, depth=0.5), np.random.default_rng(0))
    assert (cut.crops != samples.crops).any((1, 2, 3)).all()


def test_as_many_windows_are_cut_off_as_asked_for() -> None:
    samples = spots(np.full((400, 2), 24.0))
    samples.crops[:] = np.random.default_rng(0).integers(0, 256, samples.crops.shape)
    cut = cut_off(samples, CutOff(share=0.25, depth=0.5), np.random.default_rng(0))
    assert 70 <= (cut.crops != samples.crops).any((1, 2, 3)).sum() <= 130


def test_saturation_is_one_factor_for_all_colours_of_a_window() -> None:
    real = np.random.default_rng(0).uniform(-1, 1, (50, 4, 4, 3)).astype(np.float32)
    changed = saturate(real, 0.6, np.random.default_rng(0))
    colour, before = (image - image.mean(-1, keepdims=True) for image in (changed, real))
    factors = (colour / before).reshape(50, -1)
    np.testing.assert_allclose(factors, factors[:, :1] + np.zeros_like(factors), atol=0.05)
    np.testing.assert_allclose(changed.mean(-1), real.mean(-1), atol=1e-6)
    assert 0.39 < np.median(factors, axis=1).min() < 0.6
    assert 1.4 < np.median(factors, axis=1).max() < 1.61


def views(before: np.ndarray, after: np.ndarray, way: int) -> tuple[np.ndarray, np.ndarray]:
    """Both turned so that the edge in question comes first."""
    return np.rot90(before, way), np.rot90(after, way)


def lines(first: float, last: float) -> range:
    """Where the edge of the image may be, pixels from that side."""
    return range(round(first), round((first + last) / 2) + 1)
