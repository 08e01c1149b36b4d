"""Folders of classes, FER2013's cleaning, groups, leapGestRecog's names."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.data import fer2013, leap
from convert.data.classes import LabelledImages, load_class_folder
from convert.data.errors import DataError
from convert.data.pictures import read_image
from convert.data.splits import held_out_mask


def write_picture(file: Path, seed: int, shape: tuple[int, ...] = (48, 48)) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def labelled(images: np.ndarray, targets: list[int]) -> LabelledImages:
    names = np.array([str(i) for i in range(len(targets))])
    return LabelledImages(("a", "b"), images, np.array(targets), names, names)


def test_a_class_folder_is_read_in_the_order_of_the_labels(tmp_path: Path) -> None:
    write_picture(tmp_path / "open" / "1.png", 1)
    write_picture(tmp_path / "closed" / "2.png", 2)
    loaded = load_class_folder(tmp_path, ["closed", "open"], read_image)
    assert loaded.counts() == {"closed": 1, "open": 1}
    assert loaded.groups.tolist() == ["closed/2.png", "open/1.png"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "no class in here"),
        (lambda folder: (folder / "wink").mkdir(), "found wink"),
        (lambda folder: (folder / "open").mkdir(), "no image in this class"),
    ],
)
def test_a_wrong_class_folder_is_named(tmp_path: Path, make, message: str) -> None:
    make(tmp_path)
    with pytest.raises(DataError, match=message):
        load_class_folder(tmp_path, ["closed", "open"], read_image)


def test_a_missing_folder_and_a_broken_picture_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        load_class_folder(tmp_path / "absent", ["open"], read_image)
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "1.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"1\.jpg: not a readable picture"):
        load_class_folder(tmp_path, ["open"], read_image)


def test_fer2013_drops_leaks_conflicts_and_duplicates() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 1), dtype=np.uint8)
    leaked, conflicting, twice, fine, held_out = pictures
    train = labelled(np.stack([leaked, conflicting, conflicting, twice, twice, fine]), [0, 0, 1, 1, 1, 0])
    validation = labelled(np.stack([leaked, held_out]), [0, 1])
    cleaned = fer2013.clean(train, validation)
    assert cleaned.groups.tolist() == ["3", "5"]


def test_fer2013_drops_blank_pictures_and_refuses_other_sizes(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for number, label in enumerate(fer2013.LABELS):
            write_picture(tmp_path / split / label / "1.png", number + 10 * (split == "test"))
    cv2.imwrite(str(tmp_path / "train" / "sad" / "blank.png"), np.full((48, 48), 7, np.uint8))
    train, validation = fer2013.load(tmp_path)
    assert len(train) == len(validation) == 7
    write_picture(tmp_path / "train" / "sad" / "large.png", 5, (50, 48))
    with pytest.raises(DataError, match="48×48, received 48×50"):
        fer2013.load(tmp_path)


def test_a_group_is_never_split() -> None:
    groups = np.array([f"person{i % 100}" for i in range(1000)])
    held_out = held_out_mask(groups, 0.2)
    assert 10 <= held_out[:100].sum() <= 30
    assert not set(groups[held_out]) & set(groups[~held_out])
    np.testing.assert_array_equal(held_out, held_out_mask(groups, 0.2))


def test_leap_reads_person_and_gesture_from_the_name(tmp_path: Path) -> None:
    write_picture(tmp_path / "00" / "01_palm" / "frame_00_01_0001.png", 1)
    write_picture(tmp_path / "09" / "10_down" / "frame_09_10_0007.png", 2)
    train, validation = leap.load(tmp_path, 32, "grey")
    assert train.images.shape == (1, 32, 32, 1)
    assert [train.labels[i] for i in train.targets] == ["palm"]
    assert [validation.labels[i] for i in validation.targets] == ["down"]


def test_leap_finds_the_bright_hand() -> None:
    frame = np.full((240, 640, 3), 5, np.uint8)
    frame[60:180, 300:400] = 180
    box = leap.bright_box(frame)
    assert (box.x1, box.y1, box.x2, box.y2) == pytest.approx((300, 60, 400, 180), abs=3)


def test_leap_refuses_an_unknown_gesture_and_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no frame_"):
        leap.read_frames(tmp_path, 32, "grey")
    write_picture(tmp_path / "frame_00_11_0001.png", 1)
    with pytest.raises(DataError, match="have the numbers 01 to 10"):
        leap.read_frames(tmp_path, 32, "grey")


def test_the_shared_leap_frames_show_three_gestures(dataset) -> None:
    frames = leap.read_frames(dataset("leapGestRecog_sample"), 64, "grey")
    assert {label for label, number in frames.counts().items() if number} == {"palm", "thumb", "palm_moved"}
