"""Dark pictures made brighter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.exposure import FRAME_CONTRAST, Darkroom, brightened, frame_in_light


@pytest.fixture
def eye() -> np.ndarray:
    """A grey crop of a mean below 100 and a standard deviation of about 30, ``(24, 24, 1)``."""
    return np.clip(np.random.default_rng(0).normal(90, 30, (24, 24, 1)), 0, 255).astype(np.uint8)


def test_a_crop_with_light_stays(eye: np.ndarray) -> None:
    assert brightened(eye, 20) is eye
    hazy = np.full((24, 24, 3), 130, np.uint8)
    assert brightened(hazy, 50) is hazy, "it lacks contrast, not light"


@given(st.floats(0.1, 0.9))
def test_a_dark_crop_is_seen_as_in_the_light(light: float) -> None:
    seen = np.clip(np.random.default_rng(0).normal(90, 30, (24, 24, 3)), 0, 255)
    dark = (seen * light).astype(np.uint8)
    brighter = brightened(dark, 30)
    assert (brighter.shape, brighter.dtype) == (dark.shape, np.uint8)
    assert brighter.std() == pytest.approx(30, abs=1.5)
    gains = brighter[dark > 4] / dark[dark > 4]
    assert gains.min() > 0.95 * gains.max() - 1 / 4, "one factor for all"


@given(st.integers(0, 255), st.floats(1, 100))
def test_nothing_gets_darker_nor_too_bright(value: int, contrast: float) -> None:
    pixels = np.full((24, 24, 1), value, np.uint8)
    brighter = brightened(pixels, contrast)
    assert (brighter >= pixels).all()
    assert brighter.max() <= max(value, 121)


def test_a_frame_in_the_light_stays() -> None:
    frame = np.random.default_rng(0).normal(100, FRAME_CONTRAST + 5, (480, 640, 3)).clip(0, 255).astype(np.uint8)
    assert frame_in_light(frame) is frame


@pytest.mark.parametrize("size", [(480, 640), (1080, 1920), (37, 20), (8, 8)])
def test_a_dark_frame_of_any_size_gets_brighter(size: tuple[int, int]) -> None:
    rows, columns = np.indices(size)
    frame = (5 + 20 * ((rows + columns) // max(max(size) // 4, 1) % 2))[..., None].repeat(3, axis=2).astype(np.uint8)
    before = frame.copy()
    brighter = frame_in_light(frame)
    assert brighter.shape == frame.shape
    assert (brighter >= 3 * frame.astype(int)).all()
    np.testing.assert_array_equal(frame, before)


def test_a_window_leaves_a_dark_room_as_it_is() -> None:
    frame = np.full((480, 640, 3), 20, np.uint8)
    frame[:240, :320] = 250
    assert frame_in_light(frame) is frame


@pytest.mark.parametrize("noise", [0, 1, 4, 8])
def test_the_noise_behind_a_covered_lens_stays_dark(noise: float) -> None:
    frame = np.random.default_rng(0).normal(1.5 * noise, noise, (480, 640, 3)).clip(0, 255).astype(np.uint8)
    assert frame_in_light(frame) is frame


def chequered(level: int, size: tuple[int, int] = (480, 640)) -> np.ndarray:
    rows, columns = np.indices(size)
    return (level * (1 + (rows // 60 + columns // 60) % 2))[..., None].repeat(3, axis=2).astype(np.uint8)


def test_the_dark_frames_of_a_stream_share_one_buffer() -> None:
    darkroom = Darkroom()
    dark = [chequered(level) for level in (10, 14, 18)]
    places = set()
    for frame in dark:
        before, seen = frame.copy(), darkroom.in_light(frame)
        np.testing.assert_array_equal(seen, frame_in_light(frame))
        np.testing.assert_array_equal(frame, before)
        places.add(seen.ctypes.data)
    assert len(places) == 1


def test_a_stream_may_change_its_size_and_its_light() -> None:
    darkroom = Darkroom()
    for frame in (chequered(10), chequered(10, (240, 320)), chequered(100), chequered(12, (240, 320))):
        np.testing.assert_array_equal(darkroom.in_light(frame), frame_in_light(frame))
    light = chequered(100)
    assert darkroom.in_light(light) is light
