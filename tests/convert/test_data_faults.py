"""One policy for damaged files, pictures by their pixels, and splits."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.data.classes import LabelledImages
from convert.data.duplicates import pixel_hash, without_duplicates
from convert.data.errors import DamagedError, DataError
from convert.data.faults import FaultPolicy
from convert.data.groups import RANDOM_FRAMES
from convert.data.lists import read_lines
from convert.data.pictures import all_image_files, image_files, read_image
from convert.data.scenes import Scene, split, split_frames
from convert.data.splits import leave_one_group_out, leave_out, split_images
from convert.data.tables import read_rows


def halve(number: int) -> int:
    if number % 2:
        raise DamagedError(f"{number}: odd")
    return number // 2


def test_up_to_one_in_a_hundred_is_named_and_skipped(caplog: pytest.LogCaptureFixture) -> None:
    numbers = [2] * 198 + [3, 5]
    assert list(FaultPolicy().sift("numbers", numbers, halve)) == [1] * 198
    assert [record.getMessage() for record in caplog.records] == [
        "skipped: 3: odd",
        "skipped: 5: odd",
        "numbers: skipped 2 of 200 as damaged or mislabelled",
    ]


def test_more_stop_the_run_once_all_are_named() -> None:
    with pytest.raises(DataError, match="numbers: 3 damaged or mislabelled of 200, at most 1% may be; the first: 3"):
        list(FaultPolicy().sift("numbers", [3, 5, 7] + [2] * 197, halve))


def test_a_wrong_folder_is_refused_before_all_of_it_was_read() -> None:
    read: list[int] = []

    def damaged(number: int) -> int:
        read.append(number)
        raise DamagedError("no")

    with pytest.raises(DataError, match="20 damaged or mislabelled of 1,000"):
        list(FaultPolicy().sift("numbers", range(1000), damaged))
    assert len(read) == 20


def test_other_errors_are_no_faults_of_one_file() -> None:
    def refuse(number: int) -> int:
        raise DataError("the folder is wrong")

    with pytest.raises(DataError, match="the folder is wrong"):
        list(FaultPolicy(max_share=1).sift("numbers", [1], refuse))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize(("kept", "fault"), [(0.6, "cut off"), (0, "not a readable picture")])
def test_a_cut_off_or_empty_picture_is_damaged(tmp_path: Path, suffix: str, kept: float, fault: str) -> None:
    file = tmp_path / f"a{suffix}"
    cv2.imwrite(str(file), np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    data = file.read_bytes()
    file.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(DamagedError, match=rf"a\{suffix}: .*{fault}"):
        read_image(file)


def test_a_missing_picture_or_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"a\.jpg: can't read"):
        read_image(tmp_path / "a.jpg")
    with pytest.raises(DataError, match="no such folder"):
        image_files(tmp_path / "absent")
    with pytest.raises(DataError, match="found none"):
        all_image_files(tmp_path)


def test_a_list_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"list\.txt: expected a text file"):
        read_lines(tmp_path / "list.txt")


def test_a_table_without_a_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image, label\na.jpg , palm\n")
    (row,) = read_rows(tmp_path / "t.csv", ("image", "label"))
    assert (row["image"], row["label"], str(row)) == ("a.jpg", "palm", f"{tmp_path / 't.csv'}:2")
    with pytest.raises(DataError, match="lacks session"):
        read_rows(tmp_path / "t.csv", ("image", "session"))


def test_equal_pixels_on_both_sides_are_found_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    first, second, third = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3), np.uint8)
    train = [(pixel_hash(first), "a"), (pixel_hash(second), "b")]
    held_out = [(pixel_hash(second.copy()), "c"), (pixel_hash(third), "d")]
    assert without_duplicates("set", train, held_out).tolist() == [True, False]
    assert "set: b shows the same picture as c, which validates" in caplog.text
    assert "dropped 1 training pictures" in caplog.text


def test_a_hash_tells_shapes_apart() -> None:
    assert pixel_hash(np.zeros((2, 8), np.uint8)) != pixel_hash(np.zeros((4, 4), np.uint8))


def labelled(groups: list[str]) -> LabelledImages:
    n = len(groups)
    return LabelledImages(
        ("a",), np.zeros((n, 2, 2, 1), np.uint8), np.zeros(n, np.int64), np.array(groups), np.full(n, "s")
    )


def test_a_split_keeps_groups_together_and_holds_out_one_at_least() -> None:
    images = labelled([f"p{i % 4}" for i in range(40)])
    train, validation = split_images(images, 0.01)
    assert set(train.groups).isdisjoint(validation.groups)
    assert len(set(validation.groups)) == 1
    assert len(set(split_images(images, 0.999)[0].groups)) >= 1


def test_one_group_can_be_split_by_frames_only_when_asked_by_name() -> None:
    images = labelled(["me"] * 400)
    with pytest.raises(DataError, match=r"needs two of them at least; .*'random_frames'"):
        split_images(images, 0.2)
    train, validation = split_images(images, 0.2, RANDOM_FRAMES)
    assert (len(train), len(validation)) == pytest.approx((320, 80), abs=30)


def test_leave_one_group_out_gives_each_its_turn() -> None:
    images = labelled(["a", "b", "a", "c"])
    turns = {group: (len(train), len(validation)) for group, (train, validation) in leave_one_group_out(images)}
    assert turns == {"a": (2, 2), "b": (3, 1), "c": (3, 1)}
    with pytest.raises(DataError, match="z doesn't occur; there are a, b, c"):
        leave_out(images, ["z"])


def test_the_owners_split_goes_before_the_group() -> None:
    scenes = [Scene(Path(f"{i}.jpg"), "g", held_back=i % 2 == 0) for i in range(4)]
    train, held_back = split(scenes, 0.5)
    assert [scene.path.stem for scene in held_back] == ["0", "2"]
    assert len(train) == 2


def test_random_frames_split_a_session() -> None:
    scenes = [Scene(Path(f"{i}.jpg"), "one session") for i in range(200)]
    train, held_back = split_frames(scenes, 0.3)
    assert train
    assert held_back
