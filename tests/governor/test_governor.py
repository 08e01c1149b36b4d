"""The governor: what is too much, in which order less is tried, and when more is tried again."""

from __future__ import annotations

import logging
from dataclasses import astuple, dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.governor import Governed, PerformanceSettings
from edge.governor.governor import COOL_SECONDS, FAILED_SECONDS, RECOVERY_SECONDS, Governor
from edge.governor.levels import LEVELS
from edge.governor.load import SPAN_SECONDS, Load, LoadMeter
from edge.governor.settings import LEAST_RATE_HZ
from edge.governor.throttling import PERIOD_SECONDS, Throttling, in_words, throttled
from edge.perception.effort import Effort
from edge.values import Frame, Observation

EASY = Load(rate_hz=30, busy=0.3, cores=0.3)
HARD = Load(rate_hz=20, busy=1.0, cores=0.9)
FULL = Load(rate_hz=30, busy=0.8, cores=0.8)


def make(**settings: float) -> Governor:
    return Governor(PerformanceSettings(**settings))  # type: ignore[arg-type]


def test_each_span_that_is_too_much_lowers_the_level_by_one_down_to_the_last() -> None:
    governor = make()
    numbers = []
    for span in range(len(LEVELS) + 2):
        governor.judge(2.0 * span, Load(rate_hz=5, busy=1.0, cores=0.9))
        numbers.append(governor.number)
    assert numbers == [*range(1, len(LEVELS)), len(LEVELS) - 1, len(LEVELS) - 1, len(LEVELS) - 1]


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (EASY, ""),
        (FULL, ""),
        (Load(rate_hz=15, busy=0.5, cores=0.5), ""),  # the camera delivers no more
        (Load(rate_hz=29, busy=1.0, cores=0.99), ""),
        (HARD, "20.0 frames a second, 30 wanted"),
        (Load(rate_hz=30, busy=0.6, cores=1.3), "1.30 processor cores in use, 1 allowed"),
    ],
)
def test_what_is_too_much(load: Load, reason: str) -> None:
    governor = make()
    assert governor.judge(0.0, load) is bool(reason)
    assert governor.reason == reason


@pytest.mark.parametrize(("rate_hz", "reason"), [(14.5, ""), (12.0, "12.0 frames a second, 15 wanted")])
def test_no_more_is_wanted_than_was_asked_of_the_camera(rate_hz: float, reason: str) -> None:
    governor = Governor(PerformanceSettings(), camera_hz=15)
    governor.judge(0.0, Load(rate_hz, busy=1.0, cores=0.9))
    assert governor.reason == reason


def test_a_small_share_of_the_processor_is_kept_by_looking_at_fewer_frames_in_the_end() -> None:
    governor = make(cpu_share=0.2)
    for span in range(len(LEVELS)):
        governor.judge(2.0 * span, EASY)
    assert governor.most_hz == LEAST_RATE_HZ


def test_more_is_tried_after_headroom_for_long_and_more_seldom_after_each_failure() -> None:
    governor = make()
    governor.judge(0.0, HARD)
    rises, t, fell_at = [], 0.0, 0.0
    while len(rises) < 4:
        t += 2
        if governor.judge(t, EASY):
            rises.append(t - fell_at)
            t += 2
            assert governor.judge(t, HARD)
            fell_at = t
    assert rises == [RECOVERY_SECONDS * 2**n + 2 for n in range(4)]


def test_a_level_that_held_for_long_is_no_failure() -> None:
    governor = make()
    governor.judge(0.0, HARD)
    t = 0.0
    while not governor.judge(t := t + 2, EASY):
        pass
    t += FAILED_SECONDS
    governor.judge(t, HARD)
    fell_at = t
    while not governor.judge(t := t + 2, EASY):
        pass
    assert t - fell_at == RECOVERY_SECONDS + 2


def test_a_span_without_headroom_begins_the_wait_anew() -> None:
    governor = make()
    governor.judge(0.0, HARD)
    for t in (2, 4, 6, 8, 10):
        assert not governor.judge(float(t), EASY)
    assert not governor.judge(12.0, FULL)
    assert not governor.judge(14.0, EASY)
    assert not governor.judge(22.0, EASY)
    assert governor.judge(24.0, EASY)


def test_a_throttled_board_tries_less_and_is_left_to_cool() -> None:
    governor = make()
    assert governor.judge(0.0, EASY, "the board is throttled")
    assert governor.reason == "the board is throttled"
    t = 0.0
    while not governor.judge(t := t + 2, EASY):
        pass
    assert t == COOL_SECONDS + RECOVERY_SECONDS


def test_the_declared_order() -> None:
    """Intervals first, then sizes, then emotion, then frames; nothing given up comes back, eyes are never slowed."""
    kinds = []
    for before, after in pairwise(LEVELS):
        changed = [
            ("interval", (before.effort.faces, before.effort.hands) != (after.effort.faces, after.effort.hands)),
            ("size", before.effort.size_scale < after.effort.size_scale),
            ("emotion", before.effort.emotion_scale > after.effort.emotion_scale),
            ("frames", before.most_hz > after.most_hz),
        ]
        kinds += [kind for kind, has_changed in changed if has_changed]
        assert before.effort.faces.whole <= after.effort.faces.whole
        assert before.effort.hands.whole <= after.effort.hands.whole
    assert kinds == ["interval", "interval", "size", "size", "emotion", "frames", "frames"]
    assert min(level.most_hz for level in LEVELS) == LEAST_RATE_HZ


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 1), st.floats(0, 4), st.booleans()), max_size=80))
def test_the_level_moves_by_one_and_stays_in_range(spans: list[tuple[float, float, float, bool]]) -> None:
    governor = make()
    for number, (rate, busy, cores, is_hot) in enumerate(spans):
        before = governor.number
        changed = governor.judge(2.0 * number, Load(rate, busy, cores), "hot" if is_hot else "")
        assert abs(governor.number - before) == changed
        assert 0 <= governor.number < len(LEVELS)
        assert not (governor.reason and governor.number < before)


def test_a_meter_sums_up_spans() -> None:
    meter = LoadMeter(now=10.0, cpu=5.0)
    assert meter.add(10.5, 11.0, 5.4) is None
    load = meter.add(11.5, 12.0, 5.8)
    assert load is not None
    assert astuple(load) == pytest.approx((1.0, 0.5, 0.4))
    assert meter.add(12.0, 12.0 + SPAN_SECONDS, 5.8) == Load(0.5, 1.0, 0.0)


@dataclass
class FakeWorld:
    """A clock, and an observer that takes as long as its effort."""

    seconds: float = 0.05
    now: float = 0.0
    efforts: list[Effort] = field(default_factory=list)

    def observe(self, frame: Frame) -> Observation:
        self.now += self.seconds
        return Observation(frame.t)

    def set_effort(self, effort: Effort) -> None:
        self.efforts.append(effort)
        self.seconds *= 0.5

    def governed(self, ask=lambda: "", least_hz: float = 10, **settings: float) -> Governed:
        table = PerformanceSettings(**settings)  # type: ignore[arg-type]
        clock = {"monotonic": lambda: self.now, "cpu_seconds": lambda: self.now}
        return Governed(self, table, least_hz=least_hz, throttling=Throttling(ask), **clock)  # type: ignore[arg-type]


def frame(t: float) -> Frame:
    return Frame(np.zeros((4, 4, 3), np.uint8), t, 0)


def test_an_observer_that_is_too_slow_is_told_to_try_less_and_it_is_said(caplog) -> None:
    world = FakeWorld(seconds=0.05)
    governed = world.governed()
    while world.now < 10:
        assert governed.observe(frame(world.now)).t <= world.now
    assert (governed.level, world.efforts) == (1, [LEVELS[1].effort])
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "20.0 frames a second, 30 wanted: level 1 of 7, hands are searched for 10 times a second"


def test_eyes_seen_too_seldom_are_said_once_and_when_that_is_over(caplog) -> None:
    caplog.set_level(logging.WARNING)
    world = FakeWorld(seconds=0.25)
    governed = world.governed()
    while world.now < 12:
        governed.observe(frame(world.now))
    said = [record.getMessage() for record in caplog.records if "level" not in record.getMessage()]
    assert len(said) == 2
    assert said[0].startswith("only 4.0 frames a second: below 10 PERCLOS")
    assert said[1].endswith("frames a second again")


def test_few_frames_are_enough_where_nobody_judges_drowsiness(caplog) -> None:
    world = FakeWorld(seconds=2)
    governed = world.governed(least_hz=0)
    while world.now < 12:
        governed.observe(frame(world.now))
    assert not [record for record in caplog.records if "only" in record.getMessage()]


def test_a_hot_board_is_asked_every_five_seconds() -> None:
    asked: list[float] = []
    world = FakeWorld(seconds=0.01)

    def ask() -> str:
        asked.append(world.now)
        return "hot"

    governed = world.governed(ask)
    while world.now < 20:
        governed.observe(frame(world.now))
    assert governed.level == len(LEVELS) - 1
    assert min(np.diff(asked)) >= PERIOD_SECONDS


def test_the_firmware_s_bits_of_now_are_read(tmp_path: Path) -> None:
    assert throttled(tmp_path) == ""
    file = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    file.parent.mkdir(parents=True)
    file.write_text("50005\n")
    assert throttled(tmp_path) == in_words(0x5) == "the power supply is too weak, the board is throttled"
    file.write_text("50000\n")
    assert throttled(tmp_path) == ""


def test_a_zone_at_its_passive_trip_point_is_hot(tmp_path: Path) -> None:
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    for name, text in {"temp": "86000", "trip_point_0_type": "critical", "trip_point_0_temp": "80000"}.items():
        (zone / name).write_text(text)
    assert throttled(tmp_path) == ""
    (zone / "trip_point_1_type").write_text("passive\n")
    (zone / "trip_point_1_temp").write_text("85000\n")
    assert throttled(tmp_path) == "thermal_zone0 has 86 °C, from 85 °C on the board slows down"
    (zone / "temp").write_text("40000")
    assert throttled(tmp_path) == ""


def test_the_first_span_says_nothing() -> None:
    world = FakeWorld(seconds=0.5)
    governed = world.governed()
    while world.now < 2 * SPAN_SECONDS - 0.5:
        governed.observe(frame(world.now))
    assert governed.level == 0
    governed.observe(frame(world.now))
    assert governed.level == 1
