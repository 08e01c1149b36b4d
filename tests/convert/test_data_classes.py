"""Labelled pictures in the forms of their owners: FER2013's table, FER+ and leapGestRecog."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.data import fer2013, ferplus, leap
from convert.data.errors import DataError
from convert.data.splits import leave_one_group_out

RNG = np.random.default_rng(0)


def fer_row(emotion: object, usage: str, pixels: str | None = None) -> str:
    numbers = RNG.integers(0, 256, 48 * 48).tolist()
    return f"{emotion},{pixels or ' '.join(map(str, numbers))},{usage}\n"


def fer_table(folder: Path, *further: str) -> Path:
    """A row of each emotion for training and each test, and ``further`` rows."""
    usages = ("Training", "PublicTest", "PrivateTest")
    rows = [fer_row(emotion, usage) for usage in usages for emotion in range(7)]
    (folder / "fer2013.csv").write_text("emotion,pixels,Usage\n" + "".join((*rows, *further)))
    return folder


def test_fer2013s_table_holds_train_and_validation(tmp_path: Path) -> None:
    train, validation = fer2013.load(fer_table(tmp_path))
    assert train.images.shape == validation.images.shape == (7, 48, 48, 1)
    assert train.targets.tolist() == list(range(7))
    assert train.labels[6] == "neutral"


def test_fer2013s_table_in_kaggles_other_order(tmp_path: Path) -> None:
    fer_table(tmp_path)
    rows = [line.split(",") for line in (tmp_path / "fer2013.csv").read_text().splitlines()]
    (tmp_path / "fer2013.csv").unlink()
    text = "".join(f"{emotion}, {usage}, {pixels}\n" for emotion, pixels, usage in rows)
    (tmp_path / "icml_face_data.csv").write_text(text)
    assert len(fer2013.load(tmp_path)[0]) == 7


@pytest.mark.parametrize(
    ("emotion", "pixels", "fault"),
    [
        (7, None, "expected an emotion from 0 to 6, received '7'"),
        ("sad", None, "expected an emotion from 0 to 6, received 'sad'"),
        (0, "1 2 3", "expected 48×48 pixels, received 3"),
        (0, "1 256", "expected pixels from 0 to 255"),
        (0, "1 x", "expected pixels from 0 to 255; invalid literal"),
    ],
)
def test_fer2013_names_the_damaged_row(tmp_path: Path, emotion: object, pixels: str | None, fault: str) -> None:
    fer_table(tmp_path, fer_row(emotion, "Training", pixels))
    with pytest.raises(DataError, match=rf"1 damaged or mislabelled of 8, .*fer2013\.csv:23: {fault}"):
        fer2013.load(tmp_path)


def test_fer2013_without_a_part_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n" + fer_row(0, "Training"))
    with pytest.raises(DataError, match="whose Usage is PublicTest, found none"):
        fer2013.load(tmp_path)


@pytest.mark.parametrize(
    ("votes", "expected", "reason"),
    [
        ([6, 0, 0, 4, 0, 0, 0, 0, 0, 0], "neutral", "six of ten"),
        ([5, 0, 0, 5, 0, 0, 0, 0, 0, 0], None, "five of ten are no majority"),
        ([4, 3, 1, 1, 1, 0, 0, 0, 0, 0], "neutral", "four of seven: single votes don't count"),
        ([0, 0, 0, 0, 0, 0, 0, 9, 1, 0], "contempt", "no label of FER2013"),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 10], "NF", "no face"),
    ],
)
def test_ferplus_majority(votes: list[float], expected: str | None, reason: str) -> None:
    assert ferplus.majority(votes) == expected, reason


def ferplus_tables(folder: Path) -> Path:
    """Of seven training pictures, the first three are angry to most people, happy, and without a face."""
    fer_table(folder)
    angry, happy, no_face = "0,0,0,0,9,0,1,0,0,0", "0,8,0,0,0,0,0,0,2,0", "0,0,0,0,0,0,0,0,0,10"
    header = "Usage,Image name," + ",".join(ferplus.COLUMNS) + "\n"
    rows = [
        f"{usage},fer{number:07}.png,{angry if number % 7 == 0 else happy if number % 7 == 1 else no_face}\n"
        for number, usage in enumerate(["Training"] * 7 + ["PublicTest"] * 7 + ["PrivateTest"] * 7)
    ]
    (folder / "fer2013new.csv").write_text(header + "".join(rows))
    return folder


def test_ferplus_gives_the_pictures_of_the_table_its_own_labels(tmp_path: Path) -> None:
    train, validation = ferplus.load(ferplus_tables(tmp_path))
    assert [train.labels[target] for target in train.targets] == ["angry", "happy"]
    assert len(validation) == 2
    by_fer2013 = fer2013.load(tmp_path)[0]
    np.testing.assert_array_equal(train.images, by_fer2013.images[:2])


def test_ferplus_refuses_tables_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"FER\+ needs fer2013\.csv"):
        ferplus.load(tmp_path)
    ferplus_tables(tmp_path)
    table = tmp_path / "fer2013new.csv"
    whole = table.read_text()
    table.write_text(whole.rpartition("PrivateTest")[0])
    with pytest.raises(DataError, match=r"expected a row for each of the 21 of fer2013\.csv, received 20"):
        ferplus.load(tmp_path)
    table.write_text(whole.replace("Training,fer0000003", "PublicTest,fer0000003"))
    with pytest.raises(DataError, match=r"expected Usage Training, as .*; received 'PublicTest'"):
        ferplus.load(tmp_path)


def write_picture(file: Path, seed: int, shape: tuple[int, ...] = (48, 64, 3)) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def write_leap(folder: Path, persons: list[str]) -> Path:
    for number, person in enumerate(persons):
        for gesture, name in ((1, "01_palm"), (10, "10_down")):
            write_picture(
                folder / f"leapGestRecog/{person}/{name}/frame_{person}_{gesture:02}_0001.png", 10 * number + gesture
            )
    return folder


def test_leap_leaves_one_subject_out_at_a_time(tmp_path: Path) -> None:
    frames = leap.read_frames(write_leap(tmp_path, ["00", "01", "02"]), 32, "grey")
    turns = list(leave_one_group_out(frames))
    assert [person for person, _ in turns] == ["00", "01", "02"]
    for person, (train, validation) in turns:
        assert set(validation.groups) == {person}
        assert (len(train), len(validation)) == (4, 2)


@pytest.mark.parametrize(
    ("persons", "held_out", "expected"),
    [
        (["00", "01", "08", "09"], (), {"08", "09"}),
        (["00", "01"], (), {"01"}),
        (["00", "01", "02"], ("00",), {"00"}),
    ],
)
def test_leap_holds_out_whole_persons(
    tmp_path: Path, persons: list[str], held_out: tuple[str, ...], expected: set[str]
) -> None:
    train, validation = leap.load(write_leap(tmp_path, persons), 32, "grey", held_out)
    assert set(validation.groups) == expected
    assert set(train.groups) == set(persons) - expected


def test_leap_of_one_person_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="00 leaves nobody to train on"):
        leap.load(write_leap(tmp_path, ["00"]), 32, "grey")


@pytest.mark.parametrize("name", ["00/01_palm/frame_00_02_0009.png", "00/01_palm/frame_01_01_0009.png"])
def test_leap_names_a_frame_in_the_wrong_folder(tmp_path: Path, name: str) -> None:
    write_leap(tmp_path, ["00", "01"])
    write_picture(tmp_path / "leapGestRecog" / name, 1)
    with pytest.raises(DataError, match="its name and its folders differ in person or gesture"):
        leap.read_frames(tmp_path, 32, "grey")


def test_the_shared_leap_frames_are_one_persons(dataset: Callable[[str], Path]) -> None:
    frames = leap.read_frames(dataset("leapGestRecog_sample"), 64, "grey")
    assert len(frames) == 15
    assert set(frames.groups) == {"00"}
