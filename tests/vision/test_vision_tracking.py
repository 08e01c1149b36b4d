"""Numbers that stay with what they were given to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.values import Box
from edge.vision import tracking
from edge.vision.tracking import MAX_GAP_SECONDS, Tracker, Tracks, follow


def box(x: float, y: float = 100, side: float = 60) -> Box:
    return Box(x, y, x + side, y + side)


BOXES = st.lists(st.builds(box, st.floats(0, 600), st.floats(0, 400), st.floats(1, 200)), max_size=6)
GAPS = st.floats(0, 3)


def test_a_moving_box_keeps_its_number_and_order_does_not_matter() -> None:
    tracker = Tracker()
    assert tracker.update(0.0, [box(0), box(300)]) == (1, 2)
    assert tracker.update(0.1, [box(290), box(20)]) == (2, 1)
    assert tracker.update(0.2, [box(60)]) == (1,)


def test_a_fast_hand_is_followed() -> None:
    tracker = Tracker()
    numbers = {tracker.update(index / 15, [box(45 * index)])[0] for index in range(15)}
    assert numbers == {1}


def test_a_short_loss_is_survived_a_long_one_is_not() -> None:
    tracker = Tracker()
    tracker.update(10.0, [box(0)])
    assert tracker.update(10.5, []) == ()
    assert tracker.update(10.0 + MAX_GAP_SECONDS, [box(5)]) == (1,)
    assert tracker.update(11.01 + MAX_GAP_SECONDS, [box(5)]) == (2,)
    assert tracker.alive == {2}


def test_the_nearest_gets_the_number() -> None:
    tracker = Tracker()
    tracker.update(0.0, [box(100)])
    assert tracker.update(0.1, [box(140), box(105)]) == (2, 1)


def test_a_source_that_begins_again_has_new_tracks() -> None:
    tracker = Tracker()
    tracker.update(5.0, [box(0)])
    assert tracker.update(0.0, [box(0)]) == (2,)
    assert tracker.alive == {2}


def test_it_is_expected_where_it_was_last_for_as_long_as_its_track_lasts() -> None:
    tracker = Tracker()
    tracker.update(1.0, [box(0), box(300)])
    tracker.update(1.5, [box(5)])
    assert set(tracker.expected(2.0)) == {box(5), box(300)}
    assert tracker.expected(2.3) == (box(5),)
    assert tracker.expected(0.2) == ()


@given(st.lists(st.tuples(GAPS, BOXES), max_size=8))
def test_numbers_are_unique_in_a_frame_and_never_given_again(frames: list[tuple[float, list[Box]]]) -> None:
    tracks, t, last_seen = Tracks(), 0.0, dict[int, float]()
    for gap, boxes in frames:
        t += gap
        highest = tracks.last
        tracks, numbers = follow(tracks, t, boxes)
        assert len(set(numbers)) == len(boxes) == len(numbers)
        for number in numbers:
            assert number > highest or t - last_seen[number] <= MAX_GAP_SECONDS
            last_seen[number] = t
        assert set(numbers) <= set(tracks.followed)
        assert all(t - track.t <= MAX_GAP_SECONDS for track in tracks.followed.values())


@given(BOXES, st.floats(0, 1))
def test_what_stays_in_place_stays_itself(boxes: list[Box], gap: float) -> None:
    apart = [b for i, b in enumerate(boxes) if not any(b.square(1.5).iou(o.square(1.5)) > 0 for o in boxes[:i])]
    tracks, before = follow(Tracks(), 0.0, apart)
    _, after = follow(tracks, gap, list(reversed(apart)))
    assert after == tuple(reversed(before))


@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.integers(0, 30))
def test_a_crowd_gets_the_numbers_that_few_would_get(seed: int, first: int, second: int) -> None:
    rng = np.random.default_rng(seed)

    def frame(n: int) -> list[Box]:
        return [box(x, y, 60) for x, y in rng.uniform(0, 500, (n, 2)).tolist()]

    crowd, later = frame(first), frame(second)
    with pytest.MonkeyPatch.context() as patch:
        given_numbers = []
        for few in (0, 10**6):
            patch.setattr(tracking, "FEW_PAIRS", few)
            tracks, _ = follow(Tracks(), 0.0, crowd)
            given_numbers.append(follow(tracks, 0.1, later)[1])
    assert given_numbers[0] == given_numbers[1]
