"""Frame times."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.camera.fakes import blank
from edge.camera.times import CaptureTimes, Continuity
from edge.values import Frame

NAN = math.nan


@pytest.mark.parametrize(
    ("why", "tolerance", "stamps", "expected"),
    [
        ("the origin doesn't matter", 1, [(900.0, 5.0), (900.04, 5.05), (900.08, 5.07)], [0, 0.04, 0.08]),
        ("no reported times", 1, [(0.0, 5.0), (0.0, 5.1), (0.0, 5.3)], [0, 0.1, 0.3]),
        ("NaN", 1, [(NAN, 5.0), (NAN, 5.1), (7.0, 5.2), (7.1, 5.4)], [0, 0.1, 0.2, 0.3]),
        ("a jump back", 1, [(8.0, 0.0), (8.1, 0.1), (0.0, 0.2), (0.1, 0.3)], [0, 0.1, 0.2, 0.3]),
        ("a jump ahead, live", 1, [(8.0, 0.0), (99.0, 0.1), (99.1, 0.2)], [0, 0.1, 0.2]),
        ("a gap in a file", math.inf, [(0.0, 0.0), (9.0, 0.04), (9.04, 9.04)], [0, 9, 9.04]),
        ("frames that arrive in a burst", 1, [(0.0, 0.0), (0.04, 0.001), (0.08, 0.002)], [0, 0.04, 0.08]),
        ("a stop of the arrival clock", 1, [(0.0, 1.0), (0.0, 1.0)], [0, 0.001]),
    ],
)
def test_stamp(why: str, tolerance: float, stamps: list, expected: list) -> None:
    times = CaptureTimes(tolerance)
    assert [times.stamp(*pair) for pair in stamps] == pytest.approx(expected), why


@given(st.lists(st.tuples(st.floats(-1e6, 1e6) | st.just(NAN), st.floats(0, 10)), min_size=1))
def test_times_start_at_0_and_grow_whatever_is_reported(pairs: list) -> None:
    times, arrival, stamps = CaptureTimes(1.0), 100.0, []
    for reported, pause in pairs:
        arrival += pause
        stamps.append(times.stamp(reported, arrival))
    assert stamps[0] == 0
    assert all(later > earlier for earlier, later in pairwise(stamps))


def test_continuity_runs_on_where_a_source_starts_anew() -> None:
    run = Continuity()
    frames = [run.follow(Frame(blank(), t, index)) for t, index in ((0.5, 9), (0.6, 10))]
    run.resume(3.0)
    frames += [run.follow(Frame(blank(), t, index)) for t, index in ((0.0, 0), (0.1, 1))]
    assert [frame.t for frame in frames] == pytest.approx([0, 0.1, 3.0, 3.1])
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
