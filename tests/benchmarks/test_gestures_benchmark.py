"""The benchmark of hands and gestures through the whole device: what it counts, and which pictures it shows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="benchmarks need vigil[convert]")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import gestures
from gestures import Picture, Tally

from convert.data.gesture_sources import SUBHIH_LABELS
from edge.values import Box, Classification, Hand, HandObservation


def seen(box: Box, label: str, probability: float) -> HandObservation:
    return HandObservation(Hand(box, 0.9), 1, Classification(label, {label: probability}))


def picture(*hands: tuple[Box, str | None]) -> Picture:
    return Picture(Path("a.jpg"), "here", "here/1", hands)


def tally(where: Picture, *hands: HandObservation) -> dict[str, str]:
    tally = Tally()
    tally.add(where, hands)
    return dict(zip(gestures.HEAD, tally.row("here"), strict=True))


FIRST, SECOND, AWAY = Box(0, 0, 50, 60), Box(100, 0, 160, 50), Box(300, 300, 350, 350)


def test_hands_found_and_signs_told_are_counted_apart_from_others() -> None:
    row = tally(
        picture((FIRST, "palm"), (SECOND, "none"), (AWAY, "fist")),
        seen(FIRST, "palm", 0.7),
        seen(SECOND, "point", 0.9),
    )
    assert (row["hands"], row["found"]) == ("3", "0.667")
    assert [row[name] for name in ("signs", "right", "count")] == ["1", "1.000", "0.000"]
    assert [row[name] for name in ("others", "none", "silent")] == ["1", "0.000", "0.000"]
    assert [row[name] for name in ("false", "speak")] == ["0.00", "0.000"]


def test_a_box_beside_the_hand_is_false_and_speaks_if_it_would_count() -> None:
    row = tally(picture((FIRST, "palm")), seen(AWAY, "palm", 0.95), seen(SECOND, "none", 0.99))
    assert (row["found"], row["false"], row["speak"]) == ("0.000", "2.00", "1.000")


def test_small_hands_are_not_asked_for_and_no_false_boxes_either() -> None:
    small = Box(10, 10, 40, 45)
    row = tally(picture((small, "palm")), seen(small, "palm", 0.95))
    assert (row["hands"], row["found"], row["false"]) == ("0", "", "0.00")


def test_of_a_hand_of_unknown_shape_only_the_place_is_judged() -> None:
    row = tally(picture((FIRST, None)), seen(FIRST, "palm", 0.95))
    assert (row["found"], row["signs"], row["others"]) == ("1.000", "0", "0")


def test_pictures_that_the_gesture_network_trained_on_judge_the_detector_only(tmp_path: Path) -> None:
    for name, sessions in (("subhih", ("996", "3_1528499009.07", "2")), ("hagrid", ()), ("eduart", ())):
        folder = tmp_path / "hands" / name
        (folder / "images").mkdir(parents=True)
        rows = [f"images/{session}.jpg,5-hand,{session},1,1,60,60" for session in sessions]
        for session in sessions:
            (folder / "images" / f"{session}.jpg").touch()
        (folder / "boxes.csv").write_text("\n".join(["image,label,session,xmin,ymin,xmax,ymax", *rows]))
    (tmp_path / "teacher").mkdir()
    (tmp_path / "teacher" / "hands.csv").write_text("image,xmin,ymin,xmax,ymax\n")
    shown = {each.group: [label for _, label in each.hands] for each in gestures.held_back(tmp_path)}
    assert shown == {"subhih/996": [SUBHIH_LABELS["5-hand"]], "subhih/3_1528499009.07": [None]}
