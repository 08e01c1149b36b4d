"""Eyes for training: labels, groups and geometry."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.data.classes import DataError
from convert.data.eyes import (
    CANVAS,
    COVERAGE,
    Checked,
    cew,
    close_ups,
    eye_canvas,
    eye_labels,
    load,
    photos,
    read_checked,
)
from convert.data.teachers.eyes import eye_opening
from edge.vision.crops import eye_crop

TABLE = "source,image,group,left_x,left_y,right_x,right_y,left_opening,right_opening\n"


def test_eye_aspect_ratio_by_hand() -> None:
    # Corners 10 apart, lids 2 and 4 apart: (2 + 4) / (2 × 10).
    contour = np.array([(0, 0), (3, -1), (7, -2), (10, 0), (7, 2), (3, 1)], np.float64)
    assert eye_opening(contour) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("left", "right", "expected", "reason"),
    [
        (0.05, 0.07, {"left": "closed", "right": "closed"}, "both lids down"),
        (0.05, 0.30, {"left": None, "right": "open"}, "a wink, or one eye that the teacher misjudged"),
        (0.30, 0.28, {"left": "open", "right": "open"}, "both open"),
        (0.22, 0.12, {"left": "open", "right": "open"}, "the far eye of a turned head measures less"),
        (0.12, 0.13, {"left": None, "right": None}, "half-way"),
        (0.18, 0.18, {"left": None, "right": None}, "narrow, or nearly closed"),
    ],
)
def test_labels_from_the_teacher(left: float, right: float, expected: dict, reason: str) -> None:
    assert eye_labels({"left": left, "right": right}) == expected, reason


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("turn", [0.0, 0.4])
def test_the_middle_of_a_canvas_is_the_device_crop(side: str, turn: float) -> None:
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (200, 300, 3), np.uint8), (0, 0), 6)
    middle, half = np.array([150, 100]), 40 * np.array([np.cos(turn), np.sin(turn)])
    eyes = (tuple(middle - half), tuple(middle + half))
    inner = round(CANVAS * COVERAGE)
    canvas = eye_canvas(image, eyes, side)
    start = (CANVAS - inner) / 2
    cut = cv2.warpAffine(
        canvas, np.array([[1, 0, start], [0, 1, start]]), (inner, inner), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    device = cv2.cvtColor(eye_crop(image, np.array(eyes), side, inner), cv2.COLOR_BGR2GRAY)
    assert np.abs(cut.astype(int) - device.astype(int)).max() <= 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in (
        "cew/closedLeftEyes/closed_eye_0727.jpg_face_1_L.jpg",
        "cew/closedRightEyes/closed_eye_0727.jpg_face_1_R.jpg",
        "cew/openLeftEyes/Aaron_Guiel_0001_L.jpg",
        "cew/openRightEyes/Aaron_Guiel_0001_R.jpg",
        "closeup/open/_7.jpg",
        "closeup/closed/_7.jpg",
    ):
        file = tmp_path / "eyes" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), rng.integers(0, 256, (24, 24), np.uint8))
    photo = np.full((60, 80, 3), 120, np.uint8)
    for name in ("lfw/Aaron_Guiel/Aaron_Guiel_0002.jpg", "mtfl/lfw_5590/Aaron_Guiel_0001.jpg", "mtfl/net_7876/7.jpg"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), photo)
    (tmp_path / "eyes" / "teacher.csv").write_text(
        TABLE
        + "lfw,lfw/Aaron_Guiel/Aaron_Guiel_0002.jpg,x,20,30,50,30,0.3,0.3\n"
        + "mtfl,mtfl/lfw_5590/Aaron_Guiel_0001.jpg,x,20,30,50,30,0.3,0.1\n"
        + "mtfl,mtfl/net_7876/7.jpg,x,20,30,50,30,0.05,0.05\n"
        + "mtfl,mtfl/net_7876/7.jpg,x,20,30,30,30,0.05,0.05\n"
    )
    return tmp_path


def test_one_person_is_one_group_in_every_source(folder: Path) -> None:
    groups = {sample.group for sample in (*cew(folder / "eyes" / "cew"), *photos(folder))}
    assert groups == {"cew/closed_eye_0727", "lfw/Aaron_Guiel", "mtfl/7"}


def test_samples_of_each_source(folder: Path) -> None:
    assert [sample.label for sample in cew(folder / "eyes" / "cew")] == ["closed", "closed", "open", "open"]
    assert [sample.label for sample in close_ups(folder / "eyes" / "closeup")] == ["closed", "open"]
    found = [(sample.label, sample.source) for sample in photos(folder)]
    # Both eyes of the first photo and of the second, where one is narrow; of the third the row with eyes 30 pixels
    # apart, not the one with 10.
    assert found == [
        *[("open", "photos_open")] * 3,
        ("open", "photos_narrow"),
        *[("closed", "photos_closed")] * 2,
    ]
    for sample in (*cew(folder / "eyes" / "cew"), *close_ups(folder / "eyes" / "closeup"), *photos(folder)):
        assert (sample.canvas.shape, sample.canvas.dtype) == ((CANVAS, CANVAS), np.uint8)


def test_what_was_seen_goes_before_the_teacher(folder: Path) -> None:
    checked = {
        "lfw/Aaron_Guiel/Aaron_Guiel_0002.jpg": Checked(None, glasses=False),
        "mtfl/lfw_5590/Aaron_Guiel_0001.jpg": Checked("closed", glasses=False),
        "mtfl/net_7876/7.jpg": Checked("open", glasses=True),
    }
    found = [(sample.label, sample.source) for sample in photos(folder, checked)]
    assert found == [*[("closed", "photos_closed")] * 2, *[("open", "photos_narrow")] * 2]


def test_the_shipped_list_of_what_was_seen() -> None:
    labels = [seen.label for seen in read_checked().values()]
    assert {label: labels.count(label) > 100 for label in ("open", "closed", None)} == dict.fromkeys(labels, True)


def test_an_unknown_word_in_the_list_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "checked.csv"
    file.write_text("image,label,glasses\na.jpg,half,\n")
    with pytest.raises(DataError, match=r"checked\.csv:2: label must be one of closed, open, doubt, received 'half'"):
        read_checked(file)


def test_no_group_stands_on_both_sides(folder: Path) -> None:
    for number in range(40):
        cv2.imwrite(str(folder / f"eyes/closeup/open/_{100 + number}.jpg"), np.full((24, 24), 5 * number, np.uint8))
    train, validation = load(folder, 24, seed=0)
    assert not set(train.groups) & set(validation.groups)
    assert train.images.shape[1:] == (CANVAS, CANVAS, 1)
    assert validation.images.shape[1:] == (24, 24, 1)


def test_a_picture_that_validates_under_another_name_does_not_train(folder: Path) -> None:
    for number in range(40):
        cv2.imwrite(str(folder / f"eyes/closeup/open/_{100 + number}.jpg"), np.full((24, 24), 90, np.uint8))
    train, _ = load(folder, 24, seed=0)
    assert not any(group.startswith("closeup/_1") for group in train.groups)


def test_a_missing_table_tells_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"teacher\.csv: .*convert\.data\.teachers eyes --data"):
        list(photos(tmp_path))


def test_real_patches(dataset: Callable[[str], Path]) -> None:
    folder = dataset("eyes")
    labels = [sample.label for sample in cew(folder / "cew")]
    assert (labels.count("closed"), labels.count("open")) == (2384, 2462)
