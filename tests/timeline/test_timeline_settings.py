"""The settings: the table's numbers, and the rules between them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from timeline_scripts import settings

from edge.timeline import DrowsinessSettings, EmotionSettings, FaceSettings, GestureSettings, TimelineSettings


def test_the_defaults_are_the_numbers_to_hold() -> None:
    limits = DrowsinessSettings()
    assert (limits.advisory_perclos_60s, limits.drowsy_perclos_60s, limits.drowsy_perclos_180s) == (0.08, 0.15, 0.10)
    assert (limits.microsleep_seconds, limits.sleep_seconds, limits.unresponsive_seconds) == (1.5, 3.0, 6.0)
    assert (limits.blink_seconds, limits.cannot_judge_seconds) == (0.25, 10.0)
    assert (limits.closures_min_fps, limits.perclos_min_fps, limits.blinks_min_fps) == (5, 10, 15)
    assert (GestureSettings().hold_seconds, EmotionSettings().hold_seconds) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("tables", "rule"),
    [
        ({"gesture": {"release_probability": 0.9}}, r"release_probability must not be above min_probability \(0.85\)"),
        ({"gesture": {"release_seconds": 0.2}}, r"max_gap_seconds must be below release_seconds \(0.2\)"),
        ({"emotion": {"release_probability": 0.9}}, "release_probability must not be above min_probability"),
        ({"face": {"vanish_seconds": 0.2}}, "max_gap_seconds must be below vanish_seconds"),
        ({"drowsiness": {"closed_below": 0.6}}, "closed_below < open_above must hold, received 0.6, 0.6"),
        ({"drowsiness": {"sleep_seconds": 1.0}}, "microsleep_seconds < sleep_seconds < unresponsive_seconds must hold"),
        ({"drowsiness": {"blink_seconds": 2.0}}, "blink_seconds < microsleep_seconds"),
        ({"drowsiness": {"min_opening_seconds": 0.3}}, "min_opening_seconds < recovery_seconds"),
        ({"drowsiness": {"max_bridge_seconds": 1.5}}, "max_bridge_seconds < microsleep_seconds"),
        ({"drowsiness": {"max_frame_gap_seconds": 10}}, "max_frame_gap_seconds < cannot_judge_seconds"),
        ({"drowsiness": {"max_frame_gap_seconds": 0.1}}, r"at least 1 / closures_min_fps \(0.200 s\)"),
        ({"drowsiness": {"advisory_perclos_60s": 0.2}}, "advisory_perclos_60s < drowsy_perclos_60s"),
        ({"drowsiness": {"perclos_min_fps": 20}}, "closures_min_fps < perclos_min_fps < blinks_min_fps"),
        ({"drowsiness": {"microsleep_seconds": float("nan")}}, "finite number"),
        ({"drowsiness": {"microsleep_second": 2.0}}, "Extra inputs are not permitted"),
        ({"gesture": {"hold_seconds": 0}}, "greater than 0"),
        ({"gesture": {"min_probability": 1}}, "less than 1"),
    ],
)
def test_a_broken_rule_is_named_with_what_was_received(tables, rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        settings(**tables)


def test_every_field_says_what_it_does() -> None:
    for table in (GestureSettings, EmotionSettings, FaceSettings, DrowsinessSettings):
        for name, field in table.model_fields.items():
            assert field.description, f"{table.__name__}.{name}"


def test_all_tables_have_defaults() -> None:
    assert TimelineSettings() == settings(gesture={}, emotion={}, face={}, drowsiness={})
