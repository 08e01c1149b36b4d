"""Square waves as functions of time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.actions.patterns import EDGE_TOLERANCE_SECONDS, SquareWave, pulse

milliseconds = st.integers(min_value=1, max_value=5_000).map(lambda ms: ms / 1000)
counts = st.none() | st.integers(min_value=1, max_value=20)
waves = st.builds(SquareWave, on_seconds=milliseconds, off_seconds=milliseconds, count=counts)
moments = st.floats(min_value=0, max_value=1e6)


@pytest.mark.parametrize(
    ("seconds", "value", "why"),
    [
        (-0.1, 0.0, "before the start"),
        (0.0, 1.0, "the start is on"),
        (0.19, 1.0, "within the first on phase"),
        (0.2, 0.0, "an edge belongs to what follows"),
        (0.5, 1.0, "second period"),
        (0.2 + 0.3 + 0.2, None, "over at the end of the last on phase, floating point or not"),
        (100.0, None, "and stays over"),
    ],
)
def test_values_of_two_blinks(seconds: float, value: float | None, why: str) -> None:
    assert SquareWave(0.2, 0.3, count=2).value_at(seconds) == value, why


def test_pulse_is_on_once() -> None:
    wave = pulse(0.5)
    assert wave.duration_seconds == 0.5
    assert [wave.value_at(t) for t in (0.0, 0.49, 0.5)] == [1.0, 1.0, None]


@pytest.mark.parametrize(("on", "off", "count"), [(0.0, 1.0, None), (1.0, -0.1, None), (1.0, 1.0, 0)])
def test_impossible_waves_are_refused(on: float, off: float, count: int | None) -> None:
    with pytest.raises(ValueError, match="received"):
        SquareWave(on, off, count)


@given(waves, moments)
def test_a_wave_is_on_off_or_over(wave: SquareWave, t: float) -> None:
    over = wave.duration_seconds is not None and t + EDGE_TOLERANCE_SECONDS >= wave.duration_seconds
    assert (wave.value_at(t) is None) == over
    assert wave.value_at(t) in (0.0, 1.0, None)


@given(waves, st.integers(min_value=0, max_value=19))
def test_each_period_is_on_then_off(wave: SquareWave, number: int) -> None:
    period = wave.on_seconds + wave.off_seconds
    if wave.count is not None and number >= wave.count:
        assert wave.value_at(number * period) is None
        return
    assert wave.value_at(number * period) == 1.0
    assert wave.value_at(number * period + wave.on_seconds / 2) == 1.0
    is_last = wave.count is not None and number == wave.count - 1
    assert wave.value_at(number * period + wave.on_seconds) == (None if is_last else 0.0)


@given(waves, st.lists(moments, min_size=2, max_size=30))
def test_what_is_over_stays_over(wave: SquareWave, times: list[float]) -> None:
    values = [wave.value_at(t) is None for t in sorted(times)]
    assert values == sorted(values)


@given(waves.filter(lambda wave: wave.count is not None))
def test_the_number_of_rising_edges_is_the_count(wave: SquareWave) -> None:
    period = wave.on_seconds + wave.off_seconds
    halves = [
        n * period + part for n in range(21) for part in (wave.on_seconds / 2, wave.on_seconds + wave.off_seconds / 2)
    ]
    assert [wave.value_at(t) for t in halves].count(1.0) == wave.count
