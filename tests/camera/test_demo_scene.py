"""The scripted scene: what shows when, and the source that delivers it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from edge.camera.demo.scene import DemoScene
from edge.camera.demo.script import BLINKS_S, EYES_CLOSED, PASS_S, SCRIPT, eye_closure, gestures, hand_presence
from edge.camera.demo.source import RATE_HZ, DemoSource
from edge.camera.errors import SourceClosedError

CLOSED = next(cue for cue in SCRIPT if cue.what == EYES_CLOSED)
LEFT_EYE = (slice(140, 170), slice(300, 350))
HAND_SIDE = (slice(60, 460), slice(0, 190))


@pytest.fixture(scope="module")
def scene() -> Iterator[DemoScene]:
    scene = DemoScene()
    yield scene
    scene.close()


def dark_pixels(image: np.ndarray) -> int:
    return int((image[LEFT_EYE].max(axis=2) < 75).sum())


def test_cues_are_in_order_and_apart() -> None:
    ends = [0.0, *(cue.end_s for cue in SCRIPT)]
    assert all(end < cue.start_s < cue.end_s for end, cue in zip(ends, SCRIPT, strict=False))
    assert SCRIPT[-1].end_s < PASS_S


def test_the_closure_is_a_microsleep_but_no_sleep() -> None:
    assert 2.0 < CLOSED.end_s - CLOSED.start_s < 3.0


@pytest.mark.parametrize("t", [CLOSED.start_s, (CLOSED.start_s + CLOSED.end_s) / 2, CLOSED.end_s, BLINKS_S[0]])
def test_eyes_are_shut_in_the_closure_and_in_a_blink(t: float) -> None:
    assert eye_closure(t) == 1.0


@pytest.mark.parametrize("t", [0.0, CLOSED.start_s - 0.2, CLOSED.end_s + 0.25, BLINKS_S[0] - 0.2, PASS_S])
def test_eyes_are_open_around_them(t: float) -> None:
    assert eye_closure(t) == 0.0


def test_no_blink_touches_the_closure() -> None:
    assert all(middle < CLOSED.start_s - 0.5 or middle > CLOSED.end_s + 0.5 for middle in BLINKS_S)


@pytest.mark.parametrize(("offset", "presence"), [(-0.5, 0.0), (-0.2, 0.5), (0.0, 1.0), (0.7, 1.0)])
def test_a_hand_rises_before_its_cue(offset: float, presence: float) -> None:
    cue = gestures()[0]
    assert hand_presence(cue, cue.start_s + offset) == pytest.approx(presence)


def test_a_picture_is_new_and_repeatable(scene: DemoScene) -> None:
    first, again = scene.image_at(3.0), scene.image_at(3.0)
    assert first.shape == (480, 640, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    first[:] = 0
    assert again.any()


@pytest.mark.parametrize("cue", gestures(), ids=lambda cue: cue.what)
def test_a_hand_shows_in_its_cue_and_not_between(scene: DemoScene, cue: object) -> None:
    empty = scene.image_at(0.5)[HAND_SIDE].astype(int)
    held = scene.image_at((cue.start_s + cue.end_s) / 2)[HAND_SIDE]  # type: ignore[attr-defined]
    after = scene.image_at(cue.end_s + 0.45)[HAND_SIDE]  # type: ignore[attr-defined]
    assert (np.abs(held - empty).max(axis=2) > 20).mean() > 0.1
    assert (np.abs(after - empty).max(axis=2) > 20).mean() < 0.03


def test_the_pupils_vanish_while_the_eyes_are_closed(scene: DemoScene) -> None:
    assert dark_pixels(scene.image_at(12.6)) > 3 * max(1, dark_pixels(scene.image_at(14.2)))


def test_the_head_moves_and_comes_back(scene: DemoScene) -> None:
    face = (slice(60, 300), slice(260, 450))
    start, later, end = (scene.image_at(t)[face].astype(int) for t in (0.0, 9.0, PASS_S))
    assert np.abs(start - later).mean() > 5
    assert np.abs(start - end).mean() < 0.5


def test_every_picture_says_that_it_is_rendered(scene: DemoScene) -> None:
    caption = scene.image_at(0.0)[:30, 500:]
    assert (caption.max(axis=2) < 100).sum() > 120


def test_one_pass_delivers_every_frame_with_the_times_of_the_script() -> None:
    source = DemoSource(realtime=False, loop=False)
    source.open()
    frames = [(frame.t, frame.index) for frame in source]
    source.close()
    count = round(PASS_S * RATE_HZ)
    assert frames == [(pytest.approx(i / RATE_HZ), i) for i in range(count)]
    assert not source.live


def test_a_loop_goes_on_with_growing_times() -> None:
    source = DemoSource(realtime=False, loop=True)
    source.open()
    first = source.read()
    for _ in range(round(PASS_S * RATE_HZ) - 1):
        source.read()
    again = source.read()
    source.close()
    assert first is not None
    assert again is not None
    assert again.t == pytest.approx(PASS_S)
    assert np.array_equal(first.image, again.image)


def test_in_real_time_frames_come_at_their_time_and_missed_ones_are_skipped() -> None:
    with DemoSource() as source:
        assert source.live
        source.open()
        began = time.monotonic()
        source.read()
        time.sleep(0.3)
        late, following = source.read(), source.read()
        assert late is not None
        assert following is not None
        assert late.t >= 0.28
        assert (late.index, following.index) == (1, 2)
        assert time.monotonic() - began >= following.t - 0.02


def test_interrupt_ends_a_wait() -> None:
    source = DemoSource()
    source.open()
    source.read()
    threading.Timer(0.01, source.interrupt).start()
    ends = [source.read() for _ in range(3)]
    source.close()
    assert ends[-1] is None


def test_reading_a_closed_source_is_refused_and_closing_twice_is_not() -> None:
    source = DemoSource()
    with pytest.raises(SourceClosedError, match="open"):
        source.read()
    source.open()
    source.close()
    source.close()
