"""LFW's photos and lists of people, on files made here and on the real photos."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from convert.data.errors import DataError
from convert.data.lfw import ListedPerson, read_people, read_photos

TWO_SETS = "2\n2\nAnn_Lee\t2\nBo_Ek\t1\n1\nCy_Fox\t3\n"
ONE_SET = "2\nAnn_Lee\t2\nBo_Ek\t1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Ann_Lee/Ann_Lee_0001.jpg", "Ann_Lee/Ann_Lee_0002.jpg", "Bo_Ek/Bo_Ek_0001.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def test_photos_by_person(folder: Path) -> None:
    assert [photo.person for photo in read_photos(folder)] == ["Ann_Lee", "Ann_Lee", "Bo_Ek"]
    assert [photo.path.name for photo in read_photos(folder, without={"Ann_Lee"})] == ["Bo_Ek_0001.jpg"]


@pytest.mark.parametrize("name", ["Ann_Lee/Bo_Ek_0002.jpg", "Ann_Lee/1.jpg"])
def test_a_photo_under_another_name_is_mislabelled(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(DataError, match=r"1 damaged or mislabelled of 4, .*expected NAME/NAME_0001\.jpg"):
        read_photos(folder)


def test_lists_of_people_with_sets_and_without(tmp_path: Path) -> None:
    (tmp_path / "people.txt").write_text(TWO_SETS)
    first, second = read_people(tmp_path / "people.txt")
    assert first == [ListedPerson("Ann_Lee", 2), ListedPerson("Bo_Ek", 1)]
    assert second == [ListedPerson("Cy_Fox", 3)]
    (tmp_path / "peopleDevTrain.txt").write_text(ONE_SET)
    assert read_people(tmp_path / "peopleDevTrain.txt") == [first]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (TWO_SETS.replace("2\n2\n", "3\n2\n"), r"people\.txt:1: promises 3 sets, received 2"),
        (TWO_SETS.replace("\n1\nCy", "\n4\nCy"), r"people\.txt:5: promises 4 people, received 1"),
        (TWO_SETS.replace("Cy_Fox", "Bo_Ek"), "Bo_Ek stands in it twice"),
        (ONE_SET.replace("\t2", "\ttwo"), r"people\.txt:2: expected a name and the number"),
        (ONE_SET.replace("2\nAnn", "x\nAnn"), r"people\.txt:1: expected a number"),
    ],
)
def test_a_damaged_list_is_named(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "people.txt").write_text(text)
    with pytest.raises(DataError, match=fault):
        read_people(tmp_path / "people.txt")


@pytest.mark.skipif("VIGIL_DATA" not in os.environ, reason="thousands of photos take long to unpack: set $VIGIL_DATA")
def test_the_real_photos(dataset: Callable[[str], Path]) -> None:
    photos = read_photos(dataset("lfw"))
    assert (len(photos), len({photo.person for photo in photos})) == (10_562, 4_859)
