"""Gestures, emotions and the presence of faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from timeline_scripts import face, grid, hand, settings, started, told

from edge.timeline import Timeline
from edge.values import Box, Event, HandObservation, Observation

PALM = {"palm": 0.95, "fist": 0.02, "none": 0.03}
FIST = {"palm": 0.02, "fist": 0.95, "none": 0.03}
NONE = {"palm": 0.02, "fist": 0.03, "none": 0.95}
UNSURE = {"palm": 0.45, "fist": 0.30, "none": 0.25}

Shows = Callable[[float], tuple[HandObservation, ...]]


def show(hands: Shows, times: list[float], timeline: Timeline | None = None) -> list[Event]:
    timeline = timeline or Timeline()
    events = [event for t in times for event in timeline.update(Observation(t, hands=hands(t)))]
    return [event for event in events if event.name.startswith("gesture.")]


def one_hand(shows: Callable[[float], Mapping[str, float] | None]) -> Shows:
    return lambda t: (hand(shows(t)),)


class TestGestures:
    @pytest.mark.parametrize("fps", [5, 10, 15, 30])
    def test_it_starts_once_held_and_ends_once_released(self, fps: float) -> None:
        events = show(lambda t: (hand(PALM),) if 1 <= t < 3 else (), grid(6, fps))
        assert [(event.name, event.state.value) for event in events] == [
            ("gesture.palm", "started"),
            ("gesture.palm", "ended"),
        ]
        assert 1.5 - 1e-6 <= events[0].t < 1.5 + 1 / fps
        last_seen = max(t for t in grid(6, fps) if t < 3)
        assert last_seen + 0.4 - 1e-6 <= events[1].t < last_seen + 0.4 + 1 / fps

    def test_details(self) -> None:
        start, end = show(lambda t: (hand(PALM, track=4),) if t < 2 else (), grid(3, 10))
        assert start.details == {"probability": pytest.approx(0.95), "track": 4, "held_seconds": pytest.approx(0.5)}
        assert end.details == {"probability": pytest.approx(0.95), "track": 4, "held_seconds": pytest.approx(1.9)}

    @pytest.mark.parametrize(
        ("shows", "why"),
        [
            (lambda t: PALM if t < 0.4 else NONE, "too short"),
            (lambda t: NONE, "none is no gesture"),
            (lambda t: UNSURE, "not probable enough"),
            (lambda t: PALM if round(t * 10) % 2 else FIST, "flickers frame by frame"),
            (lambda t: PALM if round(t * 10) % 8 < 4 else FIST, "changes every 0.4 s"),
            (lambda t: PALM if round(t * 10) % 3 else NONE, "comes and goes"),
            (lambda t: None, "never read"),
        ],
    )
    def test_nothing_starts(self, shows, why: str) -> None:
        assert show(one_hand(shows), grid(10, 10)) == [], why

    def test_one_gesture_after_the_other(self) -> None:
        events = show(one_hand(lambda t: PALM if t < 2 else FIST if t < 4 else NONE), grid(6, 20))
        assert [(event.name, event.state.value) for event in events] == [
            ("gesture.palm", "started"),
            ("gesture.palm", "ended"),
            ("gesture.fist", "started"),
            ("gesture.fist", "ended"),
        ]
        assert events[2].t == pytest.approx(2.0 + 0.5 + 0.35, abs=0.051), "smoothing costs 0.35 s, once"

    def test_missed_frames_do_not_break_a_hold(self) -> None:
        assert started(show(lambda t: (hand(PALM),) if round(t * 15) % 3 else (), grid(1, 15)))[0][0] == "palm"

    def test_a_stalled_camera_holds_nothing(self) -> None:
        assert show(one_hand(lambda t: PALM), [0.0, 0.1, 5.0, 5.1]) == []

    def test_a_stall_ends_what_was_held(self) -> None:
        events = show(one_hand(lambda t: PALM), [*grid(1, 10), *grid(2, 10, start=9)])
        assert told(events) == [
            (0.5, "gesture.palm", "started"),
            (9.0, "gesture.palm", "ended"),
            (10.0, "gesture.palm", "started"),
        ]

    def test_the_same_gesture_waits_for_the_refractory_time(self) -> None:
        events = show(lambda t: () if 2 <= t < 2.5 else (hand(PALM),), grid(6, 10))
        assert told(events) == [
            (0.5, "gesture.palm", "started"),
            (2.3, "gesture.palm", "ended"),
            (3.3, "gesture.palm", "started"),
        ]

    def test_two_hands_make_one_event(self) -> None:
        both = (hand(PALM, track=1), hand(PALM, track=2))
        events = show(lambda t: both if t < 2 else both[1:] if t < 4 else (), grid(6, 10))
        assert told(events) == [(0.5, "gesture.palm", "started"), (4.3, "gesture.palm", "ended")]

    def test_the_hand_that_shows_it_longest_counts(self) -> None:
        first, second = hand(PALM, track=1), hand(PALM, track=2)
        events = show(lambda t: (second, first) if t >= 0.3 else (first,), grid(1, 10))
        assert told(events) == [(0.5, "gesture.palm", "started")]
        assert events[0].details["track"] == 1

    def test_two_hands_make_two_gestures(self) -> None:
        events = show(lambda t: (hand(PALM, track=1), hand(FIST, track=2)), grid(2, 10))
        assert told(events) == [(0.5, "gesture.fist", "started"), (0.5, "gesture.palm", "started")]

    def test_two_hands_do_not_hold_together(self) -> None:
        events = show(lambda t: (hand(PALM, track=round(t * 10) // 4),), grid(4, 10))
        assert events == []

    def test_labels_are_the_bundles_own(self) -> None:
        leap = {"06_index": 0.9, "07_ok": 0.1}
        assert started(show(one_hand(lambda t: leap), grid(1, 10))) == [("06_index", pytest.approx(0.5))]

    def test_old_hands_are_forgotten(self) -> None:
        timeline = Timeline()
        show(lambda t: (hand(PALM, track=round(t * 10)),), grid(100, 10), timeline)
        assert len(timeline._gestures._hands) <= 4


HAPPY = {"happy": 0.8, "sad": 0.1, "neutral": 0.1}
SAD = {"happy": 0.1, "sad": 0.8, "neutral": 0.1}
MIXED = {"happy": 0.35, "sad": 0.35, "neutral": 0.3}


def feel(shows: Callable[[float], Mapping[str, float] | None], times: list[float], **tables) -> list[Event]:
    timeline = Timeline(settings(**tables))
    events = []
    for t in times:
        events += timeline.update(Observation(t, faces=(face(emotion=shows(t)),)))
    return [event for event in events if event.name.startswith("emotion.")]


class TestEmotions:
    def test_a_change_ends_the_old_and_starts_the_new_at_once(self) -> None:
        events = feel(lambda t: HAPPY if t < 3 else SAD, grid(6, 10))
        assert [(event.name, event.state.value) for event in events] == [
            ("emotion.happy", "started"),
            ("emotion.happy", "ended"),
            ("emotion.sad", "started"),
        ]
        assert events[0].t == pytest.approx(1.0)
        assert events[1].t == events[2].t
        assert 4.0 < events[2].t < 4.6

    def test_a_passing_look_is_no_change(self) -> None:
        assert len(feel(lambda t: SAD if 3 <= t < 3.6 else HAPPY, grid(8, 10))) == 1

    def test_an_unclear_emotion_ends_after_its_release_time(self) -> None:
        events = feel(lambda t: HAPPY if t < 3 else MIXED, grid(8, 10))
        assert [event.state.value for event in events] == ["started", "ended"]
        assert 4.5 < events[1].t < 6.0

    def test_reading_it_five_times_a_second_is_enough(self) -> None:
        events = feel(lambda t: HAPPY if round(t * 30) % 6 == 0 else None, grid(5, 30))
        assert told(events) == [(1.0, "emotion.happy", "started")]

    def test_it_is_the_main_faces(self) -> None:
        timeline = Timeline()
        small = face(track=2, box=Box(400, 100, 450, 150), emotion=SAD)
        events = []
        for t in grid(5, 10):
            events += timeline.update(Observation(t, faces=(small, face(emotion=HAPPY))))
        assert {event.name for event in events if event.name.startswith("emotion")} == {"emotion.happy"}

    def test_it_ends_when_the_face_is_gone(self) -> None:
        timeline = Timeline()
        events = []
        for t in grid(8, 10):
            events += timeline.update(Observation(t, faces=(face(emotion=HAPPY),) if t < 3 else ()))
        assert told(event for event in events if event.name.startswith("emotion")) == [
            (1.0, "emotion.happy", "started"),
            (4.4, "emotion.happy", "ended"),
        ]

    def test_it_ends_at_once_when_another_person_takes_over(self) -> None:
        timeline = Timeline(settings(emotion={"release_seconds": 60}))
        other = face(track=2, box=Box(500, 500, 600, 600), emotion=SAD)
        events = []
        for t in grid(10, 10):
            events += timeline.update(Observation(t, faces=(face(emotion=HAPPY),) if t < 3 else (other,)))
        assert told(event for event in events if event.name.startswith("emotion")) == [
            (1.0, "emotion.happy", "started"),
            (6.0, "emotion.happy", "ended"),
            (7.0, "emotion.sad", "started"),
        ]

    def test_another_person_holds_an_emotion_anew(self) -> None:
        timeline = Timeline()
        nearer = face(track=2, box=Box(300, 0, 600, 300), emotion=HAPPY)
        events = []
        for t in grid(8, 10):
            driver = face(emotion=HAPPY)
            events += timeline.update(Observation(t, faces=(driver,) if t < 1.95 else (driver, nearer)))
        assert told(event for event in events if event.name.startswith("emotion")) == [
            (1.0, "emotion.happy", "started"),
            (5.0, "emotion.happy", "ended"),
            (6.0, "emotion.happy", "started"),
        ]

    def test_it_can_be_switched_off(self) -> None:
        assert feel(lambda t: HAPPY, grid(5, 10), emotion={"enabled": False}) == []


class TestPresence:
    @staticmethod
    def faces(seen: Callable[[float], int], times: list[float]) -> list[Event]:
        timeline = Timeline()
        some = tuple(face(track=i) for i in range(5))
        events = [event for t in times for event in timeline.update(Observation(t, faces=some[: seen(t)]))]
        return [event for event in events if event.name == "face"]

    def test_a_face_appears_and_disappears(self) -> None:
        events = self.faces(lambda t: 1 <= t < 3, grid(6, 10))
        assert told(events) == [(1.3, "face", "started"), (3.9, "face", "ended")]

    def test_a_glimpse_is_none(self) -> None:
        assert self.faces(lambda t: 1 <= t < 1.3, grid(4, 10)) == []

    def test_a_short_miss_ends_nothing(self) -> None:
        assert len(self.faces(lambda t: not 2 <= t < 2.8, grid(6, 10))) == 1

    def test_a_second_face_changes_nothing(self) -> None:
        assert told(self.faces(lambda t: 1 if t < 2 else 2 if t < 4 else 1, grid(6, 10))) == [(0.3, "face", "started")]
