"""The timeline's small parts, each by itself."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timeline_scripts import face, grid, jittered

from edge.timeline.closures import ClosureTracker
from edge.timeline.eyelids import Eyelids
from edge.timeline.fatigue import fatigue
from edge.timeline.hold import Hold, Streak
from edge.timeline.mainface import MainFace
from edge.timeline.rate import FrameRate
from edge.timeline.settings import DrowsinessSettings
from edge.timeline.smoothing import Smoother
from edge.timeline.states import DrowsinessState, EyeState
from edge.timeline.windows import CoveredTime
from edge.values import Box, EventState, Eyes

O, C, U = EyeState.OPEN, EyeState.CLOSED, EyeState.UNSEEN  # noqa: E741


class TestSmoother:
    def test_the_first_sample_is_taken_as_is(self) -> None:
        assert Smoother(1.0).update(5.0, {"palm": 0.7}) == {"palm": 0.7}

    @given(st.lists(st.floats(0.01, 0.5), min_size=1, max_size=50))
    def test_a_step_gives_the_same_curve_however_it_is_sampled(self, intervals: list[float]) -> None:
        smoother = Smoother(0.4)
        smoother.update(0.0, {"palm": 0.0})
        t = 0.0
        for interval in intervals:
            t += interval
            value = smoother.update(t, {"palm": 1.0})["palm"]
        assert value == pytest.approx(1 - math.exp(-t / 0.4), abs=1e-9)

    def test_a_label_that_a_sample_lacks_counts_as_zero(self) -> None:
        smoother = Smoother(1.0)
        smoother.update(0.0, {"palm": 1.0})
        smoothed = smoother.update(1.0, {"fist": 1.0})
        assert smoothed["palm"] == pytest.approx(math.exp(-1))
        assert smoothed["fist"] == pytest.approx(1 - math.exp(-1))

    @given(st.lists(st.tuples(st.floats(0.001, 10), st.floats(0, 1)), min_size=1, max_size=30))
    def test_probabilities_stay_probabilities(self, samples: list[tuple[float, float]]) -> None:
        smoother, t = Smoother(0.2), 0.0
        for interval, palm in samples:
            t += interval
            smoothed = smoother.update(t, {"palm": palm, "none": 1 - palm})
            assert sum(smoothed.values()) == pytest.approx(1)
            assert all(-1e-12 <= value <= 1 + 1e-12 for value in smoothed.values())


class TestStreak:
    def test_it_lasts_while_the_value_stays(self) -> None:
        streak: Streak[str] = Streak(0.3)
        assert [streak.see(t, "a") for t in (1.0, 1.2, 1.5)] == [1.0, 1.0, 1.0]

    def test_another_value_or_nothing_breaks_it(self) -> None:
        streak: Streak[str] = Streak(0.3)
        assert [streak.see(t, v) for t, v in ((0.0, "a"), (0.1, "b"), (0.2, "a"), (0.3, None), (0.4, "a"))] == [
            0.0,
            0.1,
            0.2,
            None,
            0.4,
        ]

    def test_a_longer_gap_breaks_it(self) -> None:
        streak: Streak[str] = Streak(0.3)
        assert [streak.see(t, "a") for t in (0.0, 0.3, 0.61)] == [0.0, 0.0, 0.61]


class TestHold:
    @staticmethod
    def play(hold: Hold, shown: list[tuple[float, float]], until: float) -> list[tuple[float, EventState]]:
        """Changes at 10 fps of something that is shown from, to (seconds; the end not included)."""
        changes = []
        for t in grid(until, 10):
            since = next((start for start, end in shown if start - 1e-9 <= t < end - 1e-9), None)
            if change := hold.update(t, since):
                changes.append((round(t, 3), change))
        return changes

    @pytest.mark.parametrize(
        ("shown", "expected"),
        [
            pytest.param([(1, 1.5)], [], id="not held long enough"),
            pytest.param([(1, 2)], [(1.5, "started"), (2.3, "ended")], id="held, gone 0.4 s after it was last seen"),
            pytest.param([(1, 2), (2.2, 3)], [(1.5, "started"), (3.3, "ended")], id="a short break ends nothing"),
            pytest.param([(1, 2), (2.6, 3.2)], [(1.5, "started"), (2.3, "ended")], id="refractory"),
            pytest.param(
                [(1, 2), (2.6, 4)],
                [(1.5, "started"), (2.3, "ended"), (3.3, "started"), (4.3, "ended")],
                id="still shown when the refractory time is over",
            ),
        ],
    )
    def test_times(self, shown, expected) -> None:
        changes = self.play(Hold(0.5, 0.4, refractory_seconds=1.0), shown, 6)
        assert [(t, change.value) for t, change in changes] == expected

    def test_what_was_not_looked_at_for_the_release_time_has_ended(self) -> None:
        hold = Hold(0.5, 0.4)
        assert hold.update(1.0, 0.0) is EventState.STARTED
        assert hold.update(9.0, 9.0) is EventState.ENDED
        assert hold.held_seconds == 1.0

    def test_only_what_is_on_can_be_ended(self) -> None:
        assert Hold(0.5, 0.4).end(1.0) is None


class TestEyelids:
    def test_hysteresis(self) -> None:
        lids = Eyelids(0.4, 0.6)
        seen = [lids.look(Eyes(p, p)) for p in (0.5, 0.9, 0.5, 0.41, 0.39, 0.5, 0.59, 0.61)]
        assert seen == [U, O, O, O, C, C, C, O]

    def test_unseen_eyes_leave_nothing_to_stay_with(self) -> None:
        lids = Eyelids(0.4, 0.6)
        assert [lids.look(eyes) for eyes in (Eyes(0.1, 0.1), None, Eyes(0.5, 0.5), Eyes(None, None))] == [C, U, U, U]


class TestFrameRate:
    @pytest.mark.parametrize("fps", [1, 5, 10, 15, 30, 60])
    def test_a_steady_camera(self, fps: int) -> None:
        rate = FrameRate(0.5)
        for _ in range(200):
            rate.advance(1 / fps)
        assert rate.fps == pytest.approx(fps)
        assert rate.is_at_least(fps)

    def test_jitter_evens_out(self) -> None:
        rate, times = FrameRate(0.5), jittered(60, 15)
        for before, after in itertools.pairwise(times):
            rate.advance(after - before)
        assert rate.fps == pytest.approx(15, rel=0.05)

    def test_a_burst_after_a_stall_is_no_high_rate(self) -> None:
        rate = FrameRate(0.5)
        for interval in (0.2, 0.2, 0.4, 0.001, 0.2, 0.2):
            rate.advance(interval)
        assert rate.fps is not None
        assert rate.fps < 6

    def test_it_is_unknown_before_the_second_frame(self) -> None:
        assert FrameRate(0.5).fps is None
        assert not FrameRate(0.5).is_at_least(0.1)

    def test_a_gap_starts_it_anew(self) -> None:
        rate = FrameRate(0.5)
        for interval in (1 / 30, 1 / 30, 60.0):
            rate.advance(interval)
        assert rate.fps == pytest.approx(1 / 60)
        rate.advance(1 / 30)
        assert rate.fps == pytest.approx(30)


class TestClosureTracker:
    @pytest.mark.parametrize(
        ("intervals", "over"),
        [
            pytest.param([(1, O), (0.2, C), (0.2, O)], [(0.2, True)], id="whole"),
            pytest.param([(0.2, C), (0.2, O)], [(0.2, False)], id="start not seen"),
            pytest.param([(1, O), (0.2, C), (0.4, U)], [(0.2, False)], id="end not seen"),
            pytest.param([(1, O), (0.2, C), (0.1, O), (0.3, C), (1, O)], [(0.5, True)], id="a misreading interrupts"),
            pytest.param([(1, O), (0.2, C), (0.15, O), (0.3, C), (1, O)], [(0.2, True), (0.3, True)], id="an opening"),
            pytest.param([(1, O), (0.2, C), (0.3, U), (0.3, C), (1, O)], [(0.5, False)], id="a short loss interrupts"),
            pytest.param(
                [(1, O), (0.2, C), (0.31, U), (0.3, C), (1, O)], [(0.2, False), (0.3, False)], id="a loss ends it"
            ),
            pytest.param(
                [(1, O), (0.2, C), (0.2, U), (0.1, C), (0.2, U), (0.1, C), (1, O)],
                [(0.4, False)],
                id="each loss is measured by itself",
            ),
        ],
    )
    def test_closures(self, intervals: list[tuple[float, EyeState]], over: list[tuple[float, bool]]) -> None:
        tracker = ClosureTracker(min_opening_seconds=0.15, max_bridge_seconds=0.3)
        ended = [closure for seconds, eyes in intervals if (closure := tracker.advance(seconds, eyes))]
        assert [(pytest.approx(closure.seconds), closure.whole) for closure in ended] == over


class TestCoveredTime:
    def test_an_interval_leaves_the_window_bit_by_bit(self) -> None:
        covered = CoveredTime(10)
        covered.add(1, 4)
        assert [covered.seconds(now) for now in (4, 11, 12.5, 14, 20)] == [3, 3, 1.5, 0, 0]

    def test_touching_intervals_take_the_memory_of_one(self) -> None:
        covered = CoveredTime(1e6)
        for i in range(1000):
            covered.add(i / 30, (i + 1) / 30)
        assert len(covered._intervals) == 1

    @given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.001, 5)), max_size=40), st.floats(1, 30))
    def test_it_equals_the_sum_over_all_intervals(self, parts: list[tuple[float, float]], window: float) -> None:
        covered, intervals, now = CoveredTime(window), [], 0.0
        for pause, length in parts:
            start, now = now + pause, now + pause + length
            intervals.append((start, now))
            covered.add(start, now)
            expected = sum(max(0.0, end - max(begin, now - window)) for begin, end in intervals)
            assert covered.seconds(now) == pytest.approx(expected, abs=1e-6)

    def test_months_leave_no_rounding_error(self) -> None:
        covered, start = CoveredTime(60), 1e7
        for i in range(100_000):
            covered.add(start + i * 0.1, start + i * 0.1 + 0.05)
        assert covered.seconds(start + 99_999 * 0.1 + 0.05) == pytest.approx(30.0, abs=0.051)
        assert covered.seconds(2e7) == 0.0


class TestFatigue:
    A, ADV, D = DrowsinessState.AWAKE, DrowsinessState.ADVISORY, DrowsinessState.DROWSY

    @pytest.mark.parametrize(
        ("short", "long", "last", "expected"),
        [
            pytest.param(0.079, 0.5, A, A, id="below every level"),
            pytest.param(0.08, 0.0, A, ADV, id="advisory at 0.08"),
            pytest.param(0.149, 0.5, A, ADV, id="60 s too low for drowsy"),
            pytest.param(0.5, 0.099, A, ADV, id="180 s too low for drowsy"),
            pytest.param(0.5, None, A, ADV, id="180 s withheld"),
            pytest.param(0.15, 0.10, A, D, id="drowsy at 0.15 and 0.10"),
            pytest.param(None, 0.5, A, None, id="60 s withheld"),
            pytest.param(0.065, 0.5, ADV, ADV, id="advisory stays down to 0.064"),
            pytest.param(0.063, 0.5, ADV, A, id="and then ends"),
            pytest.param(0.121, 0.081, D, D, id="drowsy stays down to 0.12 and 0.08"),
            pytest.param(0.119, 0.5, D, ADV, id="and then is an advisory"),
            pytest.param(0.5, None, D, None, id="drowsy can't be judged without 180 s"),
        ],
    )
    def test_levels(self, short, long, last, expected) -> None:
        assert fatigue(short, long, last, DrowsinessSettings()) is expected


class TestMainFace:
    NEAR = Box(100, 100, 300, 300)
    FAR = Box(400, 100, 460, 160)

    def test_the_largest_is_chosen(self) -> None:
        far, near = face(track=1, box=self.FAR), face(track=2, box=self.NEAR)
        assert MainFace(3).pick(0, (far, near)) is near

    def test_it_sticks_to_its_track(self) -> None:
        main = MainFace(3)
        main.pick(0, (face(track=1, box=self.NEAR),))
        moved = face(track=1, box=Box(500, 100, 700, 300))
        slightly_larger = face(track=2, box=Box(100, 100, 310, 310))
        assert main.pick(60, (slightly_larger, moved)) is moved

    def test_a_new_track_at_the_same_place_is_the_same_person(self) -> None:
        main = MainFace(3)
        main.pick(0, (face(track=1, box=self.NEAR),))
        person = main.person
        again = face(track=9, box=Box(130, 120, 320, 310))
        assert main.pick(0.5, (again, face(track=2, box=self.FAR))) is again
        assert main.person == person

    def test_another_face_waits_for_the_handover(self) -> None:
        main = MainFace(3)
        main.pick(0, (face(track=1, box=self.NEAR),))
        other = face(track=2, box=self.FAR)
        assert [main.pick(t, (other,)) for t in (0.5, 3.4)] == [None, None]
        assert main.pick(3.5, (other,)) is other
        assert main.person == 2

    def test_a_much_larger_face_takes_over_after_the_handover(self) -> None:
        main = MainFace(3)
        main.pick(0, (face(track=2, box=self.FAR),))
        both = (face(track=1, box=self.NEAR), face(track=2, box=self.FAR))
        assert [main.pick(t, both).track for t in (1, 3, 4)] == [2, 2, 1]

    def test_a_main_face_that_comes_back_resets_the_handover(self) -> None:
        main, own, other = MainFace(3), face(track=1, box=self.NEAR), face(track=2, box=self.FAR)
        main.pick(0, (own,))
        assert main.pick(2, (other,)) is None
        assert main.pick(4, (own, other)) is own
        assert main.pick(6, (other,)) is None

    def test_the_handover_can_be_forbidden(self) -> None:
        main = MainFace(3)
        main.pick(0, (face(track=1, box=self.NEAR),))
        other = face(track=2, box=self.FAR)
        assert [main.pick(t, (other,), keep=True) for t in (1, 8)] == [None, None]
        assert main.pick(9, (other,)) is other

    def test_no_faces_no_main_face(self) -> None:
        assert MainFace(3).pick(0, ()) is None
