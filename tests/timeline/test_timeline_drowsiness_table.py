"""Every row of the table of drowsiness limits, at several frame rates."""

from __future__ import annotations

import pytest
from timeline_scripts import (
    CLOSED,
    OPEN,
    UNSEEN,
    Segment,
    face,
    grid,
    jittered,
    settings,
    started,
    states,
    told,
    watch_eyes,
)

from edge.timeline import DrowsinessState, Measure, Timeline, Withheld
from edge.values import Box, Eyes, Observation

RATES = [
    pytest.param(lambda seconds: grid(seconds, 5), 1 / 5, id="5 fps"),
    pytest.param(lambda seconds: grid(seconds, 10), 1 / 10, id="10 fps"),
    pytest.param(lambda seconds: grid(seconds, 15), 1 / 15, id="15 fps"),
    pytest.param(lambda seconds: grid(seconds, 30), 1 / 30, id="30 fps"),
    pytest.param(lambda seconds: jittered(seconds, 7), 1.6 / 7, id="7 fps jittered"),
    pytest.param(lambda seconds: jittered(seconds, 20), 1.6 / 20, id="20 fps jittered"),
]
PERCLOS_RATES = [
    pytest.param(lambda seconds: grid(seconds, 10), id="10 fps"),
    pytest.param(lambda seconds: grid(seconds, 15), id="15 fps"),
    pytest.param(lambda seconds: grid(seconds, 30), id="30 fps"),
    pytest.param(lambda seconds: jittered(seconds, 14), id="14 fps jittered"),
]


def closing(closed: float, every: float, seconds: float) -> list[Segment]:
    """Eyes that close for ``closed`` seconds once in ``every`` seconds."""
    return [(every - closed, OPEN), (closed, CLOSED)] * round(seconds / every)


class TestClosures:
    @pytest.mark.parametrize(("times", "interval"), RATES)
    @pytest.mark.parametrize(
        ("closed", "expected"),
        [
            (1.0, []),
            (1.3, []),
            (2.0, [("microsleep", 1.5)]),
            (4.0, [("microsleep", 1.5), ("sleep", 3.0)]),
            (8.0, [("microsleep", 1.5), ("sleep", 3.0), ("unresponsive", 6.0)]),
        ],
    )
    def test_alarms_come_at_their_times(self, times, interval, closed, expected) -> None:
        at = times(20)
        events, _ = watch_eyes([(5, OPEN), (closed, CLOSED), (10, OPEN)], at)
        first_closed = min(t for t in at if t >= 5)
        alarms = [(name, t - first_closed) for name, t in started(events) if name != "awake"]
        assert [name for name, _ in alarms] == [name for name, _ in expected]
        for (_, after), (_, limit) in zip(alarms, expected, strict=True):
            assert limit - 1e-6 <= after < limit + interval

    def test_the_states_of_a_long_closure_follow_each_other_without_overlap(self) -> None:
        events, _ = watch_eyes([(2, OPEN), (7, CLOSED), (2, OPEN)], grid(11, 10))
        assert told(events) == [
            (0.3, "drowsiness.awake", "started"),
            (3.5, "drowsiness.awake", "ended"),
            (3.5, "drowsiness.microsleep", "started"),
            (5.0, "drowsiness.microsleep", "ended"),
            (5.0, "drowsiness.sleep", "started"),
            (8.0, "drowsiness.sleep", "ended"),
            (8.0, "drowsiness.unresponsive", "started"),
            (9.3, "drowsiness.unresponsive", "ended"),
            (9.3, "drowsiness.awake", "started"),
        ]

    def test_eyes_that_open_at_the_very_limit_raise_no_alarm(self) -> None:
        events, _ = watch_eyes([(2, OPEN), (1.5, CLOSED), (5, OPEN)], grid(8, 10))
        assert states(events) == ["awake"]

    def test_eyes_closed_from_the_first_frame_on_raise_the_alarm_too(self) -> None:
        events, _ = watch_eyes([(5, CLOSED)], grid(2, 10))
        assert told(events) == [(1.5, "drowsiness.microsleep", "started")]

    @pytest.mark.parametrize("opening", [0.1, 0.2])
    def test_an_opening_shorter_than_the_recovery_keeps_the_alarm(self, opening: float) -> None:
        events, _ = watch_eyes([(1, OPEN), (2, CLOSED), (opening, OPEN), (1, CLOSED), (3, OPEN)], grid(7, 10))
        assert states(events) == ["awake", "microsleep", "awake"]
        assert started(events)[-1][1] == pytest.approx(4 + opening + 0.3)

    def test_after_a_real_opening_the_closure_is_timed_anew(self) -> None:
        events, _ = watch_eyes([(1, OPEN), (2, CLOSED), (0.2, OPEN), (3.5, CLOSED), (3, OPEN)], grid(9, 10))
        assert [(name, round(t, 3)) for name, t in started(events)][1:3] == [("microsleep", 2.5), ("sleep", 6.2)]

    def test_a_new_closure_never_makes_a_state_less_urgent(self) -> None:
        events, _ = watch_eyes([(1, OPEN), (4, CLOSED), (0.2, OPEN), (2.5, CLOSED), (2, OPEN)], grid(9, 10))
        assert states(events) == ["awake", "microsleep", "sleep", "awake"]

    def test_eyes_that_close_again_at_the_end_of_the_recovery_have_not_recovered(self) -> None:
        events, _ = watch_eyes([(1, OPEN), (2, CLOSED), (0.3, OPEN), (1, CLOSED), (2, OPEN)], grid(6, 10))
        assert [(name, round(t, 3)) for name, t in started(events)][1:] == [("microsleep", 2.5), ("awake", 4.6)]

    def test_one_misread_frame_delays_the_alarm_by_its_own_length_only(self) -> None:
        misread = [(1, OPEN), (0.7, CLOSED), (1 / 30, OPEN), (3, CLOSED)]
        events, _ = watch_eyes(misread, grid(4, 30))
        assert started(events)[1] == ("microsleep", pytest.approx(1 + 1.5 + 1 / 30, abs=1e-6))

    @pytest.mark.parametrize(
        ("eyes", "closed"),
        [
            pytest.param(Eyes(0.05, 0.05), True, id="both closed"),
            pytest.param(Eyes(0.05, 0.95), False, id="one open, a wink"),
            pytest.param(Eyes(None, 0.05), True, id="one unseen, the other closed"),
            pytest.param(Eyes(0.95, None), False, id="one unseen, the other open"),
            pytest.param(Eyes(0.05, 0.5), False, id="between the levels they stay open"),
        ],
    )
    def test_the_eyes_are_closed_when_all_that_can_be_judged_are(self, eyes: Eyes, closed: bool) -> None:
        events, _ = watch_eyes([(1, OPEN), (3, eyes)], grid(3, 10))
        assert ("microsleep" in states(events)) == closed

    def test_between_the_levels_closed_eyes_stay_closed(self) -> None:
        events, _ = watch_eyes([(1, OPEN), (0.5, CLOSED), (2, Eyes(0.5, 0.5))], grid(3, 10))
        assert states(events) == ["awake", "microsleep"]


class TestPerclos:
    @pytest.mark.parametrize("times", PERCLOS_RATES)
    @pytest.mark.parametrize(
        ("closed", "every", "expected"),
        [
            pytest.param(0.5, 10.0, ["awake"], id="5 %"),
            pytest.param(0.6, 6.0, ["awake", "advisory"], id="10 % is no more than an advisory"),
            pytest.param(1.2, 6.0, ["awake", "advisory", "drowsy"], id="20 %: drowsy once 180 s has enough valid time"),
            pytest.param(0.2, 2.0, ["awake"], id="10 % in blinks: none counts"),
        ],
    )
    def test_levels(self, times, closed: float, every: float, expected: list[str]) -> None:
        events, timeline = watch_eyes(closing(closed, every, 240), times(240))
        assert states(events) == expected
        share = closed / every if closed > 0.25 else 0.0
        status = timeline.snapshot().drowsiness
        assert status.perclos_60s == pytest.approx(share, abs=0.02)
        assert status.perclos_180s == pytest.approx(share, abs=0.02)

    def test_drowsy_needs_both_windows(self) -> None:
        """After three alert minutes 20 % gives 60 s ≥ 0.15 first, and 180 s ≥ 0.10 only after 90 s."""
        script = [(180.0, OPEN), *closing(1.0, 5.0, 120)]
        at = dict(started(watch_eyes(script, grid(300, 10))[0]))
        assert 180 + 20 < at["advisory"] < 180 + 30
        assert 180 + 85 < at["drowsy"] < 180 + 95

    def test_it_ends_below_the_level_it_started_at(self) -> None:
        script = [*closing(0.6, 6.0, 60), (60.0, OPEN)]
        events, _timeline = watch_eyes(script, grid(90, 10))
        advisory, awake = started(events)[1:]
        assert (advisory[0], awake[0]) == ("advisory", "awake")
        status_at_end = next(event for event in events if event.t == awake[1] and event.name == "drowsiness.awake")
        assert status_at_end.details["perclos_60s"] < 0.8 * 0.08

    def test_it_is_withheld_until_half_its_window_was_valid(self) -> None:
        script = closing(1.2, 6.0, 120)
        for seconds, withheld in [
            (29, {Measure.PERCLOS_60S, Measure.PERCLOS_180S}),
            (31, {Measure.PERCLOS_180S}),
            (89, {Measure.PERCLOS_180S}),
            (91, set()),
        ]:
            status = watch_eyes(script, grid(seconds, 10))[1].snapshot().drowsiness
            assert {m for m, why in status.withheld.items() if why is Withheld.VALID_TIME} == withheld
            assert (status.perclos_60s is None) == (Measure.PERCLOS_60S in withheld)
            assert (status.perclos_180s is None) == (Measure.PERCLOS_180S in withheld)

    def test_unseen_time_is_in_neither_numerator_nor_denominator(self) -> None:
        with_unseen = [(4.4, OPEN), (0.6, CLOSED), (5.0, UNSEEN)] * 12
        _, timeline = watch_eyes([(1.0, OPEN), (59.0, OPEN), *with_unseen], grid(180, 10))
        status = timeline.snapshot().drowsiness
        assert status.valid_60s_seconds == pytest.approx(6 * 4.9, abs=0.3)
        assert status.perclos_60s is None, "29.4 s of valid time are too few"
        _, timeline = watch_eyes([(4.4, OPEN), (0.6, CLOSED), (4.0, UNSEEN)] * 20, grid(180, 10))
        assert timeline.snapshot().drowsiness.perclos_60s == pytest.approx(0.5 / 4.9, abs=0.01)

    def test_the_level_holds_for_ten_seconds_while_the_measure_is_withheld(self) -> None:
        slow = [100 + i / 7 for i in range(7 * 30)]
        script = [*closing(0.6, 6.0, 100), (60.0, OPEN)]
        events, timeline = watch_eyes(script, [*grid(100, 15), *slow])
        assert states(events) == ["awake", "advisory", "awake"]
        assert 110 < started(events)[-1][1] < 113
        assert timeline.snapshot().drowsiness.withheld[Measure.PERCLOS_60S] is Withheld.FRAME_RATE


class TestFrameRate:
    @pytest.mark.parametrize(
        ("fps", "withheld"),
        [
            (4.0, {Measure.CLOSURES, Measure.PERCLOS_60S, Measure.PERCLOS_180S, Measure.BLINKS}),
            (5.0, {Measure.PERCLOS_60S, Measure.PERCLOS_180S, Measure.BLINKS}),
            (9.0, {Measure.PERCLOS_60S, Measure.PERCLOS_180S, Measure.BLINKS}),
            (9.9, {Measure.BLINKS}),
            (14.0, {Measure.BLINKS}),
            (15.0, set()),
            (30.0, set()),
        ],
    )
    def test_below_its_rate_a_measure_is_withheld_and_said_so(self, fps: float, withheld: set[Measure]) -> None:
        _, timeline = watch_eyes(closing(1.0, 5.0, 200), grid(200, fps))
        status = timeline.snapshot().drowsiness
        assert status.fps == pytest.approx(fps, rel=1e-3)
        assert status.withheld == dict.fromkeys(withheld, Withheld.FRAME_RATE)
        assert (status.closure_seconds is None) == (Measure.CLOSURES in withheld)
        assert (status.perclos_60s is None) == (Measure.PERCLOS_60S in withheld)
        assert (status.blinks_per_minute is None) == (Measure.BLINKS in withheld)

    def test_below_five_frames_a_second_nothing_can_be_judged(self) -> None:
        events, _ = watch_eyes([(60, CLOSED)], grid(30, 4))
        assert told(events) == [(10.0, "drowsiness.cannot-judge", "started")]
        assert events[0].details["reason"] == "frame_rate"
        assert events[0].details["withheld"]["closures"] == "frame_rate"

    def test_at_five_frames_a_second_the_missing_perclos_is_said(self) -> None:
        events, _ = watch_eyes(closing(1.0, 5.0, 200), grid(200, 5))
        assert states(events) == ["awake"]
        assert events[0].details["withheld"]["perclos_60s"] == "frame_rate"
        assert events[0].details["perclos_60s"] is None

    def test_an_alarm_that_has_started_ends_in_cannot_judge_when_the_rate_falls(self) -> None:
        times = [*grid(3, 15), *(3 + i / 3 for i in range(60))]
        events, _ = watch_eyes([(1, OPEN), (60, CLOSED)], times)
        assert states(events) == ["awake", "microsleep", "sleep", "cannot-judge"], "the rate takes 2 s to be measured"
        assert events[-1].details["reason"] == "frame_rate"

    def test_blinks_are_counted_and_timed(self) -> None:
        _, timeline = watch_eyes(closing(0.2, 4.0, 60), grid(60, 30))
        status = timeline.snapshot().drowsiness
        assert status.blinks == 14, "the 15th is not over yet"
        assert status.blinks_per_minute == pytest.approx(14, abs=0.1)
        assert status.blink_seconds == pytest.approx(0.2, abs=1e-6)
        assert status.perclos_60s == 0.0

    def test_a_closure_that_is_only_partly_seen_is_no_blink(self) -> None:
        partly = [(3.0, OPEN), (0.1, CLOSED), (1.0, UNSEEN), (0.1, CLOSED)] * 5
        assert watch_eyes([*partly, (5.0, OPEN)], grid(25, 30))[1].snapshot().drowsiness.blinks == 0


class TestUnseenEyes:
    @pytest.mark.parametrize(("times", "interval"), RATES)
    def test_after_ten_seconds_it_says_cannot_judge(self, times, interval: float) -> None:
        events, _ = watch_eyes([(5, OPEN), (20, UNSEEN)], times(25))
        assert states(events) == ["awake", "cannot-judge"]
        assert 15 - interval <= started(events)[1][1] <= 15 + interval
        assert events[-1].details["reason"] == "eyes_unseen"

    def test_from_the_start_as_well(self) -> None:
        events, _ = watch_eyes([(20, UNSEEN)], grid(20, 10))
        assert told(events) == [(10.0, "drowsiness.cannot-judge", "started")]

    def test_so_does_a_missing_face(self) -> None:
        timeline = Timeline()
        events = [event for t in grid(11, 10) for event in timeline.update(Observation(t))]
        assert told(events) == [(10.0, "drowsiness.cannot-judge", "started")]
        assert events[0].details["reason"] == "no_face"

    @pytest.mark.parametrize("unseen", [None, Eyes(None, None)], ids=["not read", "not to be judged"])
    def test_a_face_without_eyes_is_another_reason_than_no_face(self, unseen: Eyes | None) -> None:
        events, _ = watch_eyes([(5, OPEN), (20, unseen)], grid(25, 10))
        assert events[-1].details["reason"] == "eyes_unseen"

    def test_nine_seconds_unseen_change_nothing(self) -> None:
        events, _ = watch_eyes([(5, OPEN), (9, UNSEEN), (5, OPEN)], grid(19, 10))
        assert states(events) == ["awake"]

    def test_eyes_back_in_time_are_not_called_lost_while_they_steady(self) -> None:
        events, _ = watch_eyes([(5, OPEN), (9.7, UNSEEN), (5, OPEN)], grid(19, 10))
        assert states(events) == ["awake"]

    def test_the_level_does_not_change_while_the_eyes_are_unseen(self) -> None:
        """Open time that leaves the window would raise the share of the closed time that stays."""
        script = [(30.0, OPEN), *closing(0.6, 6.0, 42), (9.5, UNSEEN)]
        events, timeline = watch_eyes(script, grid(81.5, 10))
        assert states(events) == ["awake"]
        assert timeline.snapshot().drowsiness.perclos_60s > 0.08

    def test_it_judges_again_once_the_eyes_are_steadily_seen(self) -> None:
        events, _ = watch_eyes([(1, OPEN), (12, UNSEEN), (1, OPEN)], grid(14, 10))
        assert started(events)[-1] == ("awake", pytest.approx(13.3))

    def test_glimpses_do_not_end_the_loss(self) -> None:
        glimpses = [(2.0, UNSEEN), (0.2, OPEN)] * 10
        events, _ = watch_eyes([(1, OPEN), *glimpses], grid(20, 10))
        assert states(events) == ["awake", "cannot-judge"]

    def test_eyes_that_come_back_closed_raise_the_alarm(self) -> None:
        events, _ = watch_eyes([(1, OPEN), (12, UNSEEN), (5, CLOSED)], grid(15, 10))
        assert started(events)[-1] == ("microsleep", pytest.approx(14.5))

    def test_unseen_is_never_closed(self) -> None:
        events, _ = watch_eyes([(2, OPEN), (1.0, CLOSED), (9, UNSEEN), (1.0, CLOSED), (3, OPEN)], grid(16, 10))
        assert states(events) == ["awake"]

    def test_a_short_loss_interrupts_a_closure_and_adds_nothing(self) -> None:
        """One unseen frame at 10 fps leaves the 0.2 s between its neighbours unjudged."""
        events, _ = watch_eyes([(2, OPEN), (1.0, CLOSED), (0.1, UNSEEN), (2, CLOSED)], grid(5, 10))
        assert started(events)[1] == ("microsleep", pytest.approx(2 + 1.5 + 0.2))

    def test_a_longer_loss_ends_it(self) -> None:
        events, _ = watch_eyes([(2, OPEN), (1.0, CLOSED), (0.4, UNSEEN), (3, CLOSED)], grid(6, 10))
        assert started(events)[1] == ("microsleep", pytest.approx(3.4 + 1.5))

    def test_a_head_that_drops_keeps_the_alarm_until_it_cannot_be_judged(self) -> None:
        events, _ = watch_eyes([(2, OPEN), (2, CLOSED), (30, UNSEEN)], grid(30, 10))
        assert states(events) == ["awake", "microsleep", "cannot-judge"]
        assert started(events)[-1][1] == pytest.approx(3.9 + 10, abs=0.11)

    def test_a_head_that_drops_and_comes_back_awake_ends_the_alarm(self) -> None:
        events, _ = watch_eyes([(2, OPEN), (2, CLOSED), (3, UNSEEN), (2, OPEN)], grid(9, 10))
        assert [(name, round(t, 3)) for name, t in started(events)][1:] == [("microsleep", 3.5), ("awake", 7.3)]

    @pytest.mark.parametrize("gap", [0.6, 3.0, 9.0])
    def test_a_gap_between_frames_is_unseen_time(self, gap: float) -> None:
        """Eyes closed before and after a stalled camera were not seen closed in between."""
        times = [*grid(2, 10), *grid(1.2, 10, start=2 + gap)]
        events, timeline = watch_eyes([(1, OPEN), (20, CLOSED)], times)
        assert states(events) == ["awake"]
        assert timeline.snapshot().drowsiness.closure_seconds == pytest.approx(1.1)

    def test_a_source_of_one_frame_a_second_is_never_judged(self) -> None:
        events, _ = watch_eyes([(60, CLOSED)], grid(30, 1))
        assert told(events) == [(10.0, "drowsiness.cannot-judge", "started")]
        assert events[0].details["reason"] == "frame_rate"

    def test_a_lost_camera_cannot_be_judged_at_once(self) -> None:
        _events, timeline = watch_eyes([(2, OPEN), (5, CLOSED)], grid(4, 10))
        lost = timeline.lost(4.2)
        assert told(lost)[-2:] == [
            (4.2, "drowsiness.microsleep", "ended"),
            (4.2, "drowsiness.cannot-judge", "started"),
        ]
        assert lost[-1].details["reason"] == "camera_lost"
        assert timeline.lost(5.0) == ()
        again, _ = watch_eyes([(60, OPEN)], grid(2, 10, start=30), timeline)
        assert told(again) == [
            (30.3, "drowsiness.cannot-judge", "ended"),
            (30.3, "drowsiness.awake", "started"),
        ]


class TestOtherPeople:
    def test_the_passengers_open_eyes_do_not_end_the_drivers_alarm(self) -> None:
        timeline = Timeline()
        far = face(OPEN, track=2, box=Box(400, 100, 480, 180))
        events = []
        for t in grid(15, 10):
            driver = face(CLOSED if t >= 1 else OPEN, track=1)
            events += timeline.update(Observation(t, faces=(driver, far) if t < 4 else (far,)))
        drowsiness = [event for event in events if event.name.startswith("drowsiness.")]
        assert states(drowsiness) == ["awake", "microsleep", "cannot-judge", "awake"]
        assert [round(t, 3) for _, t in started(drowsiness)[2:]] == [13.9, 14.3]

    def test_a_closure_does_not_go_on_in_another_face(self) -> None:
        timeline = Timeline()
        nearer = face(CLOSED, track=2, box=Box(300, 0, 600, 300))
        events = []
        for t in grid(6, 10):
            driver = face(CLOSED if t >= 4 else OPEN, track=1)
            events += timeline.update(Observation(t, faces=(driver,) if t < 1.95 else (driver, nearer)))
        assert started([e for e in events if e.name.startswith("drowsiness.")])[1:] == []
        assert timeline.snapshot().main_track == 2
        assert timeline.snapshot().drowsiness.closure_seconds == pytest.approx(0.9)


def test_switched_off_it_says_nothing() -> None:
    timeline = Timeline(settings(drowsiness={"enabled": False}))
    events, _ = watch_eyes([(1, OPEN), (5, CLOSED)], grid(6, 10), timeline)
    assert [*events, *[e for e in timeline.lost(7) if e.name.startswith("drowsiness")]] == []


def test_events_are_named_as_the_contract_says() -> None:
    assert {state.event for state in DrowsinessState} == {
        f"drowsiness.{name}"
        for name in ("awake", "advisory", "drowsy", "microsleep", "sleep", "unresponsive", "cannot-judge")
    }
