"""Properties that hold for any course of events."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from timeline_scripts import CLOSED, OPEN, UNSEEN, Segment, face, grid, hand, settings, started, watch_eyes

from edge.timeline import EyeState, Timeline
from edge.values import Box, Event, EventState, Eyes, Observation

LIMIT = 1.5
INTERVALS = st.lists(st.floats(1 / 60, 0.19), min_size=5, max_size=20)
"""Between frames, seconds: always more than five frames a second."""


def uneven(intervals: list[float], seconds: float) -> list[float]:
    """Times up to ``seconds`` with these intervals, over and over."""
    times = [0.0]
    while times[-1] < seconds:
        times.append(times[-1] + intervals[len(times) % len(intervals)])
    return times


class TestAlarm:
    @given(INTERVALS, st.floats(1, 3), st.floats(0.1, 5))
    @effort(max_examples=150, deadline=None)
    def test_it_is_never_early_and_at_most_one_frame_late(
        self, intervals: list[float], closes: float, closed: float
    ) -> None:
        times = uneven(intervals, 12)
        events, _ = watch_eyes([(closes, OPEN), (closed, CLOSED), (60, OPEN)], times)
        seen_closed = [t for t in times if closes - 1e-9 <= t < closes + closed - 1e-9]
        due = [t for t in seen_closed if t - seen_closed[0] >= LIMIT - 1e-6]
        alarms = [t for name, t in started(events) if name == "microsleep"]
        assert alarms == due[:1]
        if alarms:
            assert alarms[0] - closes >= LIMIT - 1e-6, "earlier than the lids themselves"
            assert alarms[0] - seen_closed[0] <= LIMIT + max(intervals) + 1e-6

    @given(st.lists(st.tuples(st.floats(0.1, 1.45), st.floats(0.2, 2.0)), min_size=1, max_size=8), INTERVALS)
    @effort(max_examples=100, deadline=None)
    def test_shorter_closures_never_raise_it(self, parts: list[tuple[float, float]], intervals: list[float]) -> None:
        script: list[Segment] = [(1.0, OPEN)]
        for closed, opened in parts:
            script += [(closed, CLOSED), (max(opened, 0.15 + 2 * max(intervals)), OPEN)]
        events, _ = watch_eyes(script, uneven(intervals, 25))
        assert {name for name, _ in started(events)} <= {"awake", "advisory", "drowsy"}

    @given(
        st.lists(st.tuples(st.floats(0.1, 1.45), st.floats(0.35, 9.0)), min_size=1, max_size=8),
        st.floats(8, 30),
    )
    @effort(max_examples=100, deadline=None)
    def test_unseen_time_never_raises_it(self, parts: list[tuple[float, float]], fps: float) -> None:
        script: list[Segment] = [(1.0, OPEN)]
        for closed, unseen in parts:
            script += [(closed, CLOSED), (unseen, UNSEEN)]
        events, _ = watch_eyes(script, grid(30, fps))
        assert {name for name, _ in started(events)} <= {"awake", "cannot-judge"}


EYES = {EyeState.OPEN: OPEN, EyeState.CLOSED: CLOSED, EyeState.UNSEEN: UNSEEN}
RUNS = st.lists(st.tuples(st.sampled_from(list(EyeState)), st.floats(0.03, 6.0)), min_size=5, max_size=40)


def brute_force(frames: list[tuple[float, EyeState]], window: float) -> float | None:
    """PERCLOS at the last frame, by its definition: every interval and every closure looked at anew."""
    intervals = [
        (start, end, EyeState.UNSEEN if was is EyeState.UNSEEN or now is EyeState.UNSEEN else was)
        for (start, was), (end, now) in pairwise(frames)
    ]
    closures: list[list[tuple[float, float]]] = []
    current: list[tuple[float, float]] = []
    opened = unseen = 0.0
    for start, end, eyes in intervals:
        if eyes is EyeState.CLOSED:
            if not current:
                closures.append(current)
            current.append((start, end))
            opened = unseen = 0.0
        elif eyes is EyeState.OPEN:
            opened += end - start
        else:
            unseen += end - start
        if opened >= 0.15 - 1e-6 or unseen > 0.3 + 1e-6:
            current = []
    counted = [
        part for closure in closures if sum(end - start for start, end in closure) >= 0.25 - 1e-6 for part in closure
    ]
    since = frames[-1][0] - window
    valid = sum(max(0.0, end - max(start, since)) for start, end, eyes in intervals if eyes is not EyeState.UNSEEN)
    closed = sum(max(0.0, end - max(start, since)) for start, end in counted)
    return closed / valid if valid >= 0.05 * window - 1e-6 else None


class TestPerclos:
    @given(RUNS, st.lists(st.floats(0.02, 0.09), min_size=3, max_size=10))
    @effort(max_examples=40, deadline=None)
    def test_it_is_a_share_and_equals_its_definition(
        self, runs: list[tuple[EyeState, float]], intervals: list[float]
    ) -> None:
        script = [(seconds, EYES[eyes]) for eyes, seconds in runs]
        times = uneven(intervals, sum(seconds for seconds, _ in script))
        timeline = Timeline(settings(drowsiness={"min_valid_share": 0.05}))
        frames: list[tuple[float, EyeState]] = []
        for t in times:
            timeline.update(Observation(t, faces=(face(_at(script, t)),)))
            frames.append((t, timeline.snapshot().drowsiness.eyes))
        status = timeline.snapshot().drowsiness
        for got, window in ((status.perclos_60s, 60.0), (status.perclos_180s, 180.0)):
            expected = brute_force(frames, window)
            assert (got is None) == (expected is None)
            if got is not None and expected is not None:
                assert 0.0 <= got <= 1.0
                assert got == pytest.approx(expected, abs=1e-6)

    @given(
        st.lists(st.tuples(st.floats(0.4, 1.4), st.floats(1.0, 8.0)), min_size=4, max_size=10),
        st.floats(0, 1 / 15),
    )
    @effort(max_examples=30, deadline=None)
    def test_it_hardly_depends_on_the_frame_rate(self, parts: list[tuple[float, float]], phase: float) -> None:
        script = [segment for closed, opened in parts for segment in ((opened, OPEN), (closed, CLOSED))]
        seconds = sum(length for length, _ in script) + 31
        shares = []
        for fps in (10, 15, 30):
            status = watch_eyes([*script, (31, OPEN)], grid(seconds, fps, start=phase))[1].snapshot().drowsiness
            assert status.perclos_60s is not None
            shares.append(status.perclos_60s)
        assert max(shares) - min(shares) <= (len(parts) + 1) * 0.1 / 30


def _at(script: list[Segment], t: float) -> Eyes | None:
    for seconds, eyes in script:
        if t < seconds:
            return eyes
        t -= seconds
    return script[-1][1]


PROBABILITIES = st.sampled_from(
    [
        {"palm": 0.9, "fist": 0.05, "none": 0.05},
        {"palm": 0.05, "fist": 0.9, "none": 0.05},
        {"palm": 0.4, "fist": 0.3, "none": 0.3},
    ]
)
BOXES = st.sampled_from([Box(0, 0, 100, 100), Box(20, 10, 130, 120), Box(300, 0, 500, 200)])
FACES = st.builds(
    lambda eyes, track, box, emotion: face(eyes, track=track, box=box, emotion=emotion),
    st.sampled_from([OPEN, CLOSED, CLOSED, None, Eyes(None, 0.5)]),
    st.integers(1, 3),
    BOXES,
    st.none() | PROBABILITIES,
)
HANDS = st.builds(hand, st.none() | PROBABILITIES, st.integers(1, 3))
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, -1.0, 0.02, 0.1, 0.1, 0.1, 0.3, 0.6, 3.0]),
        st.lists(FACES, max_size=2),
        st.lists(HANDS, max_size=2),
        st.integers(1, 20),
        st.sampled_from(["see"] * 20 + ["lose"]),
    ),
    max_size=25,
)


class TestEvents:
    @given(STEPS)
    @effort(max_examples=150, deadline=None)
    def test_everything_that_ends_has_started_and_everything_started_ends(self, steps: list) -> None:
        timeline, now, events = Timeline(), 0.0, []
        for interval, faces, hands, times, what in steps:
            for _ in range(times):
                now += interval
                if what == "lose":
                    events += timeline.lost(now)
                else:
                    events += timeline.update(Observation(now, tuple(faces), tuple(hands)))
        events += timeline.finish(now)
        check_course(events)

    @given(STEPS)
    @effort(max_examples=30, deadline=None)
    def test_the_same_observations_give_the_same_events(self, steps: list) -> None:
        def run() -> list[Event]:
            timeline, now, events = Timeline(), 0.0, []
            for interval, faces, hands, times, _ in steps:
                for _ in range(times):
                    now += interval
                    events += timeline.update(Observation(now, tuple(faces), tuple(hands)))
            return events

        assert run() == run()


def check_course(events: list[Event]) -> None:
    """Each name alternates started and ended, ends ended, and time never goes back; states exclude each other."""
    on: set[str] = set()
    last = -math.inf
    for event in events:
        assert event.t >= last
        last = event.t
        if event.state is EventState.STARTED:
            assert event.name not in on
            on.add(event.name)
        else:
            assert event.name in on
            on.remove(event.name)
        for kind in ("drowsiness.", "emotion."):
            assert sum(name.startswith(kind) for name in on) <= 1
    assert not on
