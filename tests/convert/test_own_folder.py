"""A person's own folder of classes: who is in which picture, what is cut out, and what is said when it won't do."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from convert.data import folder as own
from convert.data.errors import DamagedError, DataError
from convert.data.framing import FRAMINGS, BestHand, WholePicture
from convert.data.groups import RANDOM_FRAMES
from convert.data.whose import find_groups
from convert.training.datasets import prepare
from convert.training.recipe import Recipe
from edge.camera.demo.hand import HandLook, render_hand

LABELS = ("left", "right")
SIZE = 12

Layout = Callable[[str, str, int], str]


def write_noise(file: Path, seed: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.random.default_rng(seed).integers(0, 256, (20, 30, 3), np.uint8))


def write_folder(root: Path, layout: Layout) -> Path:
    """Two classes of four people with three pictures each, where ``layout`` says."""
    for seed, (label, person, number) in enumerate(
        (label, person, number) for label in LABELS for person in ("ann", "bo", "cy", "di") for number in range(3)
    ):
        write_noise(root / layout(label, person, number), seed)
    return root


def in_subfolders(label: str, person: str, number: int) -> str:
    return f"{label}/{person}/{number}.png"


def in_names(label: str, person: str, number: int) -> str:
    return f"{label}/{person}_{number}.png"


def load(root: Path, **splitting: object) -> own.Parts:
    return own.load(root, LABELS, WholePicture(SIZE), "rgb", own.Splitting(**splitting))


def people(images: object) -> set[str]:
    return set(images.groups.tolist())


@pytest.mark.parametrize("told_by", ["subfolders", "pattern", "groups.csv", "subjects.csv"])
def test_people_are_disjoint_however_they_are_told(tmp_path: Path, told_by: str) -> None:
    write_folder(tmp_path, in_subfolders if told_by == "subfolders" else in_names)
    if told_by.endswith(".csv"):
        column = {"groups.csv": "session", "subjects.csv": "person"}[told_by]
        rows = [f"{file.relative_to(tmp_path)},{file.stem[:-2]}" for file in tmp_path.rglob("*.png")]
        (tmp_path / told_by).write_text("\n".join([f"image,{column}", *rows]) + "\n")
    train, validation = load(tmp_path, person_pattern="/(?P<person>[a-z]+)_" if told_by == "pattern" else None)
    assert people(train) | people(validation) == {"ann", "bo", "cy", "di"}
    assert not people(train) & people(validation)
    assert len(train) + len(validation) == 24
    assert train.images.shape[1:] == (SIZE, SIZE, 3)
    assert train.labels == LABELS


def test_without_people_it_stops_and_says_what_to_do(tmp_path: Path) -> None:
    write_folder(tmp_path, in_names)
    with pytest.raises(DataError, match=r"subfolder <class>/<person>/.*groups\.csv.*person_pattern.*'random_frames'"):
        load(tmp_path)


def test_a_random_split_of_frames_is_asked_for_by_name(tmp_path: Path) -> None:
    train, validation = load(write_folder(tmp_path, in_names), rule=RANDOM_FRAMES, share=0.5)
    assert len(train) + len(validation) == 24
    assert len(validation) > 4


def test_people_are_held_out_by_name(tmp_path: Path) -> None:
    _, validation = load(write_folder(tmp_path, in_subfolders), held_out=("cy",))
    assert people(validation) == {"cy"}
    with pytest.raises(DataError, match="eve doesn't occur; there are ann, bo, cy, di"):
        load(tmp_path, held_out=("eve",))


def test_one_person_can_t_be_split(tmp_path: Path) -> None:
    write_folder(tmp_path, lambda label, person, number: f"{label}/ann/{person}{number}.png")
    with pytest.raises(DataError, match="ann: a split by person or session needs two"):
        load(tmp_path)


def test_a_given_split_is_taken_less_what_stands_on_both_sides(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_folder(tmp_path / "train", in_names)
    for seed, label in enumerate(LABELS):
        write_noise(tmp_path / "validation" / label / "new.png", 100 + seed)
    write_noise(tmp_path / "validation" / "left" / "old.png", 0)
    train, validation = load(tmp_path)
    assert (len(train), len(validation)) == (23, 3)
    assert "dropped 1 training pictures that stand on both sides" in caplog.text


def test_a_given_split_needs_its_other_half(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", in_names)
    with pytest.raises(DataError, match="no validation/"):
        load(tmp_path)


def test_somebody_on_both_sides_of_a_given_split_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_folder(tmp_path / "train", in_subfolders)
    for seed, label in enumerate(LABELS):
        write_noise(tmp_path / "validation" / label / "ann" / "9.png", 100 + seed)
    load(tmp_path)
    assert "ann train and validate" in caplog.text


def test_a_wrong_folder_an_unknown_and_an_empty_class_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent: no such folder"):
        load(tmp_path / "absent")
    write_folder(tmp_path, in_subfolders)
    (tmp_path / "up").mkdir()
    with pytest.raises(DataError, match="found up"):
        load(tmp_path)
    (tmp_path / "up").rmdir()
    for picture in (tmp_path / "left").rglob("*.png"):
        picture.unlink()
    with pytest.raises(DataError, match="left: no image in this class"):
        load(tmp_path)


def test_a_damaged_picture_is_skipped_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_folder(tmp_path, in_subfolders)
    for seed in range(100):
        write_noise(tmp_path / "left" / "eve" / f"{seed}.png", 100 + seed)
    (tmp_path / "left" / "eve" / "7.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    train, validation = load(tmp_path)
    assert len(train) + len(validation) == 123
    assert f"skipped: {tmp_path / 'left/eve/7.png'}: damaged picture" in caplog.text


@pytest.mark.parametrize(
    ("name", "pattern", "message"),
    [
        ("left/1.png", "/(?P<person>[a-z]+)_", "finds nobody in this name"),
        ("left/1.png", None, "stands in no person's folder"),
    ],
)
def test_a_picture_of_nobody_is_a_fault(tmp_path: Path, name: str, pattern: str | None, message: str) -> None:
    group_of = find_groups(tmp_path, [Path("left/ann/1.png")], pattern)
    with pytest.raises(DamagedError, match=message):
        group_of(Path(name))


def test_a_table_names_its_columns_and_every_picture(tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text("image,who\nleft/1.png,ann\n")
    with pytest.raises(DataError, match="one of person, subject, session, group, received image, who"):
        find_groups(tmp_path, [], None)
    (tmp_path / "groups.csv").write_text("image,person\nleft/1.png,ann\n")
    group_of = find_groups(tmp_path, [], None)
    assert group_of(Path("left/1.png")) == "ann"
    with pytest.raises(DamagedError, match="add a row"):
        group_of(Path("left/2.png"))


def write_hand(file: Path, shape: str, seed: int) -> None:
    """A photo of 1280×960 with a rendered hand of 300 pixels somewhere in it."""
    rng = np.random.default_rng(seed)
    photo = cv2.resize(rng.integers(60, 200, (6, 8, 3), np.uint8), (1280, 960), interpolation=cv2.INTER_CUBIC)
    sprite = render_hand(shape, 300, HandLook.random(rng))
    height, width = sprite.image.shape[:2]
    y, x = rng.integers(0, 960 - height), rng.integers(0, 1280 - width)
    alpha = sprite.image[..., 3:] / 255
    part = photo[y : y + height, x : x + width]
    part[:] = (sprite.image[..., :3] * alpha + part * (1 - alpha)).astype(np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), photo)


def test_hands_are_cut_out_and_photos_without_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for seed in range(6):
        write_hand(tmp_path / "palm" / f"p{seed}" / "1.jpg", "palm", seed)
        write_hand(tmp_path / "fist" / f"p{seed}" / "1.jpg", "fist", 10 + seed)
    blank = np.full((480, 640, 3), 90, np.uint8)
    cv2.imwrite(str(tmp_path / "palm" / "p1" / "blank.png"), blank)
    framing = BestHand(64)
    train, validation = own.load(tmp_path, ("palm", "fist"), framing, "rgb", own.Splitting())
    assert train.images.shape[1:] == (framing.native_px, framing.native_px, 3)
    assert len(train) + len(validation) >= 10, "the shipped cascade finds nearly all rendered hands"
    assert "blank.png: no hand found in this picture, left out" in caplog.text
    assert "no hand found in" in caplog.text.splitlines()[-1]


def test_a_class_without_a_single_hand_stops_it(tmp_path: Path) -> None:
    write_noise(tmp_path / "fist" / "ann" / "1.png", 0)
    write_noise(tmp_path / "fist" / "bo" / "1.png", 1)
    with pytest.raises(DataError, match=r"no hand found in any of 2 pictures.*crop = 'none'"):
        own.load(tmp_path, ("fist", "palm"), BestHand(64), "rgb", own.Splitting())
    for seed in range(3):
        write_hand(tmp_path / "palm" / f"p{seed}" / "1.jpg", "palm", seed)
    with pytest.raises(DataError, match=r"fist: no hand found in any picture of this class.*crop = 'none'"):
        own.load(tmp_path, ("fist", "palm"), BestHand(64), "rgb", own.Splitting())


@pytest.mark.parametrize(("crop", "number"), [("faces", 1), ("eyes", 2), ("none", 1)])
def test_a_portrait_gives_its_face_or_both_eyes(crop: str, number: int) -> None:
    portrait = resources.files("edge.camera.demo").joinpath("astronaut.jpg").read_bytes()
    photo = cv2.imdecode(np.frombuffer(portrait, np.uint8), cv2.IMREAD_COLOR)
    canvases = FRAMINGS[crop](24).canvases(photo)
    assert [canvas.shape for canvas in canvases] == [(24, 24, 3)] * number


@pytest.fixture
def table() -> dict[str, object]:
    return {
        "task": "gesture",
        "dataset": "folder",
        "labels": list(LABELS),
        "folder": {"crop": "none"},
        "input": {"size": SIZE, "train_size": SIZE, "colour": "rgb"},
        "network": {"stem_width": 4, "stages": [{"width": 4, "blocks": 1}]},
        "optimiser": {"epochs": 1, "batch": 8, "rate": 0.05},
    }


def test_validation_shows_what_the_device_would_see(tmp_path: Path, table: dict[str, object]) -> None:
    prepared = prepare(Recipe.model_validate(table), write_folder(tmp_path, in_subfolders), seed=0)
    assert prepared.validation.images.shape[1:] == (SIZE, SIZE, 3)
    file = next((tmp_path / LABELS[prepared.validation.targets[0]] / prepared.validation.groups[0]).glob("*.png"))
    expected = WholePicture(SIZE).canvases(cv2.imread(str(file)))[0][..., ::-1]
    assert any(np.array_equal(expected, image) for image in prepared.validation.images)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folder": None}, r"needs the table \[folder\]"),
        ({"dataset": "leap"}, r"and no other, needs the table \[folder\]"),
        ({"folder": {"crop": "faces"}}, "must be 'hands' or 'none' for 'gesture'"),
        ({"folder": {"crop": "none", "person_pattern": "("}}, "no regular expression"),
        ({"folder": {"crop": "none", "person_pattern": "a"}}, r"needs a group \(\?P<person>"),
        ({"dataset": "gesture", "folder": None, "held_out": ["ann"]}, "held_out is for the data sets folder and leap"),
    ],
)
def test_recipe_rules(table: dict[str, object], change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Recipe.model_validate(table | change)
