"""Feeds that others wrap: later frames, and no more than shall be looked at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.service.feed import LaterFeed, LimitedFeed
from edge.values import Frame


class Frames:
    """A feed of frames at given times."""

    is_incomplete = False

    def __init__(self, times: list[float]) -> None:
        self.times = times
        self.closed = False

    def next_frame(self, timeout_seconds: float) -> Frame | None:
        return Frame(np.zeros((2, 2, 3), np.uint8), self.times.pop(0), 0) if self.times else None

    @property
    def ended(self) -> bool:
        return not self.times

    def close(self) -> None:
        self.closed = True


def times_of(feed: LimitedFeed | LaterFeed) -> list[float]:
    times = []
    while (frame := feed.next_frame(0.1)) is not None:
        times.append(frame.t)
    return times


@pytest.mark.parametrize(("rate_hz", "most_hz", "taken"), [(30, 30, 60), (25, 30, 50), (30, 15, 30), (30, 10, 20)])
def test_no_more_frames_than_shall_be_looked_at(rate_hz: float, most_hz: float, taken: int) -> None:
    rng = np.random.default_rng(0)
    times = [float(index / rate_hz + rng.uniform(-0.1, 0.1) / rate_hz) for index in range(2 * rate_hz)]
    assert len(times_of(LimitedFeed(Frames(times), lambda: most_hz))) == taken


def test_a_source_that_begins_again_is_taken_at_once() -> None:
    assert times_of(LimitedFeed(Frames([5.0, 5.01, 0.0, 0.01]), lambda: 10)) == [5.0, 0.0]


@given(st.lists(st.floats(0.001, 1), max_size=50), st.floats(10, 100))
def test_frames_are_never_closer_than_allowed_and_none_is_left_for_long(steps: list[float], most_hz: float) -> None:
    offered = np.cumsum([0.0, *steps]).tolist()
    taken = times_of(LimitedFeed(Frames(list(offered)), lambda: most_hz))
    assert all(np.diff(taken) >= 0.74 / most_hz)
    skipped = [t for t in offered if t not in taken]
    assert all(any(0 <= t - other < 1 / most_hz for other in taken) for t in skipped)


def test_wrapped_feeds_pass_the_rest_on() -> None:
    inner = Frames([1.0])
    feed = LimitedFeed(LaterFeed(inner, 2.0), lambda: 10)
    assert not feed.ended
    assert times_of(feed) == [3.0]
    assert (feed.ended, feed.is_incomplete) == (True, False)
    feed.close()
    assert inner.closed
