"""The observer: tracks, rates, switches and timings, with senses that need no pixels."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from perception_fakes import CountingReader, FakeEyes, FakeFaces, FakeHands, frontal

from edge.inference import Task
from edge.inference.bundle import BundleError
from edge.perception import Observer
from edge.perception.effort import Effort
from edge.perception.paced import Paced
from edge.perception.senses import Senses, load_senses
from edge.perception.stopwatch import STAGES
from edge.values import Box, Eyes, Frame, Hand, Observation
from edge.vision.schedule import Intervals
from edge.vision.settings import DetectionSettings

IMAGE = np.zeros((240, 320, 3), np.uint8)
HAND = Hand(Box(10, 10, 80, 80), 0.9)


def frame(t: float) -> Frame:
    return Frame(IMAGE, t, 0)


class World:
    """An observer with fakes that a test can move."""

    def __init__(self, **settings: float) -> None:
        self.faces, self.hands = FakeFaces((frontal(),)), FakeHands((HAND,))
        self.emotions, self.gestures = CountingReader(), CountingReader()
        senses = Senses(self.faces, self.hands, self.emotions, FakeEyes(), self.gestures)
        self.observer = Observer(senses, DetectionSettings(**settings))  # type: ignore[arg-type]


def test_everything_is_read_and_timed() -> None:
    world = World()
    seen = world.observer.observe(frame(1.5))
    assert seen.t == 1.5
    (face,), (hand,) = seen.faces, seen.hands
    assert (face.face, face.track, face.eyes, face.identity) == (frontal(), 1, Eyes(0.25, None), None)
    assert face.emotion is not None
    assert hand.gesture is not None
    assert (hand.hand, hand.track) == (HAND, 1)
    timings = world.observer.timings_ms
    assert tuple(timings) == STAGES
    assert timings["total"] >= sum(timings[stage] for stage in STAGES[:-1])
    assert timings["identity"] == 0


def test_faces_are_expected_where_they_were_seen_within_a_second() -> None:
    world = World()
    world.observer.observe(frame(1.0))
    assert world.faces.expected == ()
    world.faces.faces = ()
    world.observer.observe(frame(1.9))
    assert world.faces.expected == (frontal().box,)
    world.observer.observe(frame(2.1))
    assert world.faces.expected == ()


def test_emotion_is_read_five_times_a_second_and_carried_on() -> None:
    world = World()
    labels = [world.observer.observe(frame(index / 30)).faces[0].emotion for index in range(31)]
    assert world.emotions.count == 6  # at 0.0, 0.2, 0.4, 0.6, 0.8 and 1.0 s
    assert [label.label for label in labels if label][5:8] == ["1", "2", "2"]
    assert world.gestures.count == 31


def test_each_face_has_its_own_emotion() -> None:
    world = World()
    world.faces.faces = (frontal(60), frontal(200))
    first = world.observer.observe(frame(0.0))
    world.faces.faces = (frontal(201), frontal(61))
    second = world.observer.observe(frame(0.05))
    assert [face.track for face in second.faces] == [2, 1]
    assert [face.emotion for face in second.faces] == [face.emotion for face in reversed(first.faces)]
    assert world.emotions.count == 2


def test_a_picture_by_itself_leaves_the_stream_alone() -> None:
    world = World()
    world.observer.observe(frame(0.0))
    assert world.observer.analyze(IMAGE).faces[0].track == 1
    assert world.observer.analyze(IMAGE).faces[0].emotion != world.observer.observe(frame(0.1)).faces[0].emotion
    assert world.emotions.count == 3
    assert world.observer.observe(frame(0.15)).faces[0].track == 1


def test_senses_that_are_off() -> None:
    observer = Observer(Senses(), DetectionSettings())
    assert observer.observe(frame(2.0)) == Observation(2.0)
    only_faces = Observer(Senses(faces=FakeFaces((frontal(),))), DetectionSettings()).observe(frame(0.0))
    assert (only_faces.faces[0].emotion, only_faces.faces[0].eyes) == (None, None)


def test_a_missing_bundle_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="faces"):
        Observer.load(tmp_path, {Task.FACES}, DetectionSettings())
    (tmp_path / "hands").mkdir()
    with pytest.raises(BundleError, match="hands"):
        Observer.load(tmp_path, {Task.HANDS}, DetectionSettings())
    nothing = Observer.load(tmp_path, (), DetectionSettings())
    assert nothing.analyze(IMAGE) == Observation(0.0)


def test_only_the_bundles_of_the_tasks_are_loaded(models_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "faces").symlink_to(models_dir / "faces")
    (tmp_path / "emotion").mkdir()
    (tmp_path / "emotion" / "manifest.json").write_text("damaged")
    senses = load_senses(tmp_path, {Task.FACES}, DetectionSettings())
    assert senses.faces is not None
    assert (senses.hands, senses.emotion, senses.eyes, senses.gesture) == (None, None, None, None)
    with pytest.raises(BundleError, match="emotion"):
        load_senses(tmp_path, {Task.FACES, Task.EMOTION}, DetectionSettings())


@given(st.lists(st.floats(0.001, 0.5), min_size=1, max_size=50), st.floats(1, 20))
def test_a_paced_reading_is_never_older_than_its_period(gaps: list[float], per_second: float) -> None:
    paced: Paced[float] = Paced(per_second)
    t, taken = 0.0, []
    for gap in gaps:
        t += gap
        now = t
        before = len(taken)
        reading = paced.get(1, t, lambda last: taken.append(now) or now)  # noqa: B023
        assert t - reading < 1 / per_second
        assert len(taken) - before <= 1
    assert all(later - earlier > 1 / per_second - 0.0051 for earlier, later in pairwise(taken))


def test_a_forgotten_track_is_read_anew() -> None:
    paced: Paced[str] = Paced(1.0)
    paced.get(1, 0.0, lambda last: f"first after {last}")
    paced.keep([2])
    assert paced.get(1, 0.1, lambda last: f"second after {last}") == "second after None"
    assert (
        paced.get(1, 0.0, lambda last: f"{last}, as time ran backwards") == "second after None, as time ran backwards"
    )


def test_readers_are_told_what_they_read_before_of_the_same_track() -> None:
    world = World()
    for t in (0.0, 0.1, 0.2, 0.3):
        world.observer.observe(frame(t))
    world.observer.analyze(IMAGE)
    world.hands.hands = (Hand(Box(200, 100, 280, 200), 0.9),)
    world.observer.observe(frame(0.4))
    assert world.emotions.told == [None, "1", None, "2"]
    assert world.gestures.told == [None, "1", "2", "3", None, None]


def test_less_effort_searches_less_often_and_less_finely_and_reads_emotion_more_seldom() -> None:
    world = World(min_face_px=40, min_hand_px=80)
    assert (world.faces.min_size_px, world.hands.min_size_px) == (40, 80)
    less = Effort(faces=Intervals(whole=2.0, part=9.0), size_scale=1.5, emotion_scale=0.2)
    world.observer.set_effort(less)
    assert (world.faces.min_size_px, world.hands.min_size_px) == (60, 120)
    for index in range(61):
        world.observer.observe(frame(index / 30))
    assert world.emotions.count == 3
    assert [index for index, kind in enumerate(world.faces.searched) if kind == "whole"] == [0, 60]
