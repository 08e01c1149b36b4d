"""Time itself: clocks that repeat, go back or are no numbers; loss, the end, and memory."""

from __future__ import annotations

import dataclasses
import math

import pytest
from timeline_scripts import CLOSED, OPEN, UNSEEN, face, grid, hand, told

from edge.errors import VigilError
from edge.timeline import DrowsinessState, Timeline, TimelineError
from edge.values import Observation

PALM = {"palm": 0.95, "none": 0.05}
HAPPY = {"happy": 0.9, "sad": 0.1}


def everything(t: float) -> Observation:
    return Observation(t, faces=(face(OPEN, emotion=HAPPY),), hands=(hand(PALM),))


def with_everything_started() -> Timeline:
    timeline = Timeline()
    for t in grid(2, 10):
        timeline.update(everything(t))
    return timeline


class TestTime:
    @pytest.mark.parametrize("t", [math.nan, math.inf, -math.inf])
    def test_what_is_no_time_is_refused(self, t: float) -> None:
        timeline = Timeline()
        for call in (timeline.lost, timeline.finish, lambda t: timeline.update(Observation(t))):
            with pytest.raises(TimelineError, match="finite number of seconds, received"):
                call(t)
        assert issubclass(TimelineError, VigilError)

    @pytest.mark.parametrize("t", [1.9, 1.0, -5.0])
    def test_what_is_not_later_is_ignored_and_counted(self, t: float) -> None:
        timeline = with_everything_started()
        before = timeline.snapshot()
        assert timeline.update(Observation(t)) == ()
        assert timeline.snapshot() == dataclasses.replace(before, ignored_observations=1)

    def test_time_may_start_anywhere(self) -> None:
        timeline = Timeline()
        events = [event for t in grid(2, 10, start=-1e6) for event in timeline.update(everything(t))]
        assert told(events)[0] == (-1e6 + 0.3, "face", "started")

    @pytest.mark.parametrize("t", [1.0, 1.9, 2.5])
    def test_loss_and_end_take_effect_no_earlier_than_the_last_frame(self, t: float) -> None:
        for call in (Timeline.lost, Timeline.finish):
            assert {event.t for event in call(with_everything_started(), t)} == {max(t, 1.9)}


class TestEnds:
    def test_a_lost_camera_ends_all_and_cannot_judge(self) -> None:
        assert told(with_everything_started().lost(3.0)) == [
            (3.0, "face", "ended"),
            (3.0, "emotion.happy", "ended"),
            (3.0, "gesture.palm", "ended"),
            (3.0, "drowsiness.awake", "ended"),
            (3.0, "drowsiness.cannot-judge", "started"),
        ]

    def test_a_camera_lost_before_its_first_frame(self) -> None:
        assert told(Timeline().lost(0.0)) == [(0.0, "drowsiness.cannot-judge", "started")]

    def test_after_a_loss_everything_starts_anew(self) -> None:
        timeline = with_everything_started()
        timeline.lost(3.0)
        events = [event for t in grid(2, 10, start=5) for event in timeline.update(everything(t))]
        assert told(events) == [
            (5.3, "face", "started"),
            (5.3, "drowsiness.cannot-judge", "ended"),
            (5.3, "drowsiness.awake", "started"),
            (5.5, "gesture.palm", "started"),
            (6.0, "emotion.happy", "started"),
        ]

    def test_the_end_ends_everything_once(self) -> None:
        timeline = with_everything_started()
        assert told(timeline.finish(3.0)) == [
            (3.0, "face", "ended"),
            (3.0, "emotion.happy", "ended"),
            (3.0, "gesture.palm", "ended"),
            (3.0, "drowsiness.awake", "ended"),
        ]
        assert timeline.finish(3.0) == ()

    def test_nothing_started_nothing_to_end(self) -> None:
        assert Timeline().finish(0.0) == ()


class TestSnapshot:
    def test_before_the_first_observation(self) -> None:
        status = Timeline().snapshot()
        assert (status.t, status.face, status.main_track, status.gestures, status.emotion) == (
            None,
            False,
            None,
            (),
            None,
        )
        assert status.drowsiness.state is None
        assert status.drowsiness.fps is None

    def test_of_what_holds(self) -> None:
        status = with_everything_started().snapshot()
        assert (status.face, status.main_track, status.gestures, status.emotion) == (True, 1, ("palm",), "happy")
        assert status.drowsiness.state is DrowsinessState.AWAKE
        assert status.t == pytest.approx(1.9)

    def test_it_is_frozen(self) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            Timeline().snapshot().face = True  # type: ignore[misc]


def test_memory_is_bounded() -> None:
    """The worst case: eyes that come and go with every few frames, hands and faces of ever new tracks."""
    timeline = Timeline()
    eyes = [OPEN, OPEN, CLOSED, CLOSED, UNSEEN]
    sizes = []
    for i in range(15 * 600):
        faces = (face(eyes[i % 5], track=i // 10, emotion=HAPPY),)
        timeline.update(Observation(i / 15, faces=faces, hands=(hand(PALM, track=i),)))
        if i in (15 * 200, 15 * 599):
            drowsiness = timeline._drowsiness
            perclos, blinks = drowsiness._perclos, drowsiness._blinks
            windows = [w for pair in (perclos._short, perclos._long) for w in (pair.valid, pair.closed)]
            sizes.append(
                [len(window._intervals) for window in (*windows, blinks._valid)]
                + [len(perclos._undecided), len(blinks._recent), len(timeline._gestures._hands)]
            )
    assert sizes[0] == pytest.approx(sizes[1], abs=2)
    assert max(sizes[1]) <= 180 * 15
