"""Following what is known and searching for the rest: when, where, and what happens when something is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vision_fakes import SquareFinder

from edge.values import Box, Hand
from edge.vision.cascade import Cascade, Thresholds
from edge.vision.following import Follower
from edge.vision.mipmap import Mipmap
from edge.vision.schedule import PARTS, Extent, Intervals, Schedule
from edge.vision.stages import Shape

IMAGE = Mipmap(np.zeros((480, 640, 3), np.uint8))
INTERVALS = Intervals(whole=1.0, part=0.2, missing=0.1)


@dataclass
class World:
    """A detector of things that a test puts somewhere; ``new`` ones are only found where the frame is searched."""

    known: tuple[Box, ...] = ()
    new: tuple[Box, ...] = ()
    searches: list[str] = field(default_factory=list)
    min_size_px: float = 60

    def detect(self, image: Mipmap, expected: Sequence[Box] = ()) -> tuple[Hand, ...]:
        self.searches.append("whole")
        self.known, self.new = self.known + self.new, ()
        return tuple(Hand(box, 0.9) for box in self.known)

    def follow(self, image: Mipmap, expected: Sequence[Box], part: Box | None = None) -> tuple[Hand, ...]:
        self.searches.append("part" if part else "none")
        there = [box for box in self.new if part and part.x1 <= box.x1 and box.x2 <= part.x2 and box.y2 <= part.y2]
        self.known += tuple(there)
        self.new = tuple(box for box in self.new if box not in there)
        return tuple(Hand(box, 0.9) for box in self.known if any(box.iou(other) > 0 for other in (*expected, *there)))


def test_what_is_known_is_followed_and_the_whole_frame_searched_once_a_second() -> None:
    world = World((Box(10, 10, 90, 90),))
    follower = Follower(world, INTERVALS)
    numbers = {number for tick in range(31) for number, _ in follower.find(IMAGE, tick / 30)}
    assert numbers == {1}
    assert [tick for tick, kind in enumerate(world.searches) if kind == "whole"] == [0, 30]
    assert [tick for tick, kind in enumerate(world.searches) if kind == "part"] == [6, 12, 18, 24]


def test_a_newcomer_is_found_in_its_part_before_the_whole_frame_is_searched_again() -> None:
    world = World((Box(10, 10, 90, 90),))
    follower = Follower(world, INTERVALS)
    follower.find(IMAGE, 0.0)
    world.new = (Box(500, 20, 580, 100),)
    found = [len(follower.find(IMAGE, tick / 30)) for tick in range(1, 30)]
    assert found.index(2) == 11  # the second part, at 0.4 s, is the upper right one


def test_what_is_lost_is_searched_for_in_the_same_frame_and_then_ten_times_a_second_until_it_is_given_up() -> None:
    world = World((Box(10, 10, 90, 90), Box(300, 10, 380, 90)))
    follower = Follower(world, INTERVALS)
    follower.find(IMAGE, 0.0)
    world.known, world.new = world.known[:1], (Box(500, 300, 580, 380),)
    numbers = [number for number, _ in follower.find(IMAGE, 1 / 30)]
    assert world.searches == ["whole", "none", "whole"]
    assert numbers == [1, 3]
    world.searches.clear()
    for tick in range(2, 60):
        follower.find(IMAGE, tick / 30)
    assert [tick for tick, kind in enumerate(world.searches, 2) if kind == "whole"] == [*range(4, 31, 3), 58]


def test_an_empty_frame_is_searched_ten_times_a_second() -> None:
    world = World()
    follower = Follower(world, INTERVALS)
    for tick in range(30):
        follower.find(IMAGE, tick / 30)
    assert world.searches.count("whole") == 10
    assert follower.alive == frozenset()


def test_an_interval_of_zero_searches_every_frame() -> None:
    world = World((Box(10, 10, 90, 90),))
    follower = Follower(world, Intervals(whole=0.0))
    for tick in range(10):
        follower.find(IMAGE, tick / 30)
    assert world.searches == ["whole"] * 10
    follower.search(INTERVALS, 90.0)
    assert world.min_size_px == 90
    follower.find(IMAGE, 11 / 30)
    assert world.searches[-1] == "none"


def test_while_nothing_is_known_an_idle_interval_holds_and_no_longer() -> None:
    world = World()
    follower = Follower(world, Intervals(whole=0.0, idle=1 / 15))
    for tick in range(10):
        follower.find(IMAGE, tick / 30)
    assert world.searches.count("whole") == 5
    world.searches.clear()
    world.new = (Box(10, 10, 90, 90),)
    for tick in range(10, 20):
        follower.find(IMAGE, tick / 30)
    assert world.searches == ["whole"] * 10, "of 30 frames a second every one, from the second at the latest"
    world.known = ()
    follower.find(IMAGE, 20 / 30)
    assert world.searches[-1] == "whole", "what was lost is looked for at once"


def test_a_source_that_begins_again_is_searched_at_once() -> None:
    world = World((Box(10, 10, 90, 90),))
    follower = Follower(world, INTERVALS)
    follower.find(IMAGE, 5.0)
    assert [number for number, _ in follower.find(IMAGE, 0.0)] == [2]
    assert world.searches == ["whole", "whole"]
    for tick in range(1, 7):
        follower.find(IMAGE, tick / 30)
    assert world.searches[-1] == "part"


def test_the_parts_cover_the_frame_and_are_of_one_size() -> None:
    schedule = Schedule(INTERVALS)
    seen = np.zeros((241, 317), int)
    sizes = set()
    for tick in range(PARTS):
        part = schedule.part(317, 241)
        seen[int(part.y1) : int(part.y2), int(part.x1) : int(part.x2)] += 1
        sizes.add((part.width, part.height))
        schedule.done(float(tick), Extent.PART)
    assert seen.min() == 1
    assert len(sizes) == 1


@given(st.lists(st.floats(0.0, 0.3), min_size=5, max_size=60), st.booleans())
def test_no_gap_between_searches_is_longer_than_its_interval_and_a_frame(steps: list[float], complete: bool) -> None:
    schedule = Schedule(INTERVALS)
    t = last = 0.0
    known, seen = (2, 2) if complete else (2, 1)
    schedule.done(t, schedule.due(t, known=known, seen=seen))
    longest = INTERVALS.whole if complete else INTERVALS.missing
    for step in steps:
        t += step
        extent = schedule.due(t, known=known, seen=seen)
        schedule.done(t, extent)
        last = t if extent is Extent.WHOLE else last
        assert t - last < longest


def squares(*places: tuple[int, int, int]) -> np.ndarray:
    image = np.zeros((400, 400, 3), np.uint8)
    for x, y, side in places:
        image[y : y + side, x : x + side] = 255
    return image


@pytest.fixture
def cascade() -> tuple[Cascade, list[SquareFinder]]:
    built: list[SquareFinder] = []

    def build(name: str, shape: Shape) -> SquareFinder:
        built.append(SquareFinder(name, shape))
        return built[-1]

    return Cascade(build, Thresholds(), min_size_px=60), built


def test_to_follow_takes_one_run_of_o_net_and_nothing_else(cascade: tuple[Cascade, list[SquareFinder]]) -> None:
    finder, built = cascade
    (found,) = finder.detect(squares((100, 120, 80)))
    for network in built:
        network.runs = 0
    (followed,) = finder.follow(squares((106, 118, 80)), [found.box])
    assert {network.name: network.runs for network in built if network.runs} == {"onet": 1}
    assert followed.box.iou(Box(90, 102, 202, 214)) > 0.8
    assert finder.follow(squares((300, 300, 80)), [found.box]) == ()


def test_a_part_is_searched_in_its_own_place(cascade: tuple[Cascade, list[SquareFinder]]) -> None:
    finder, _ = cascade
    image = squares((12, 40, 80), (260, 270, 80))  # near the border, or both would look like one large square
    (found,) = finder.follow(image, [], Box(160, 160, 400, 400))
    (whole,) = (each for each in finder.detect(image) if each.box.x1 > 200)
    assert found.box.iou(whole.box) > 0.9
    found_both = finder.follow(image, [Box(0, 24, 112, 136)], Box(160, 160, 400, 400))
    known, new = sorted(found_both, key=lambda each: each.box.x1)
    assert known.box.x1 < 100
    assert new.box.iou(whole.box) > 0.9
