"""Pictures of one photo, person or session stand on one side of a split, in whichever sources they occur."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.data import composites, gesture, gesture_sources
from convert.data.backgrounds import backgrounds
from convert.data.boxes import boxes_csv
from convert.data.groups import is_held_out, photo_group
from convert.data.scenes import split
from convert.data.teacher import Teacher
from edge.values import Box

HEADER = "image,label,session,width,height,xmin,ymin,xmax,ymax\n"
PHOTOS = [f"{number:04x}-photo" for number in range(40)]


def write_picture(file: Path, seed: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.random.default_rng(seed).integers(0, 256, (40, 40, 3), np.uint8))


@pytest.fixture
def hagrid(tmp_path: Path) -> Path:
    """The folder ``hands/hagrid``: every photo is there whole, with a box, and cut into a crop; so are 20 more crops.

    Of every second photo the person is known, as a session that is not the photo's name.
    """
    folder = tmp_path / "hands/hagrid"
    rows = []
    for number, name in enumerate(PHOTOS):
        write_picture(folder / f"images/{name}.jpg", number)
        write_picture(folder / f"crops/like/{name}.jpg", 100 + number)
        rows.append(f"images/{name}.jpg,like,{name if number % 2 else f'person{number // 4}'},40,40,5,5,30,30")
    for number in range(20):
        write_picture(folder / f"crops/fist/other{number}.jpg", 200 + number)
    (folder / "boxes.csv").write_text(HEADER + "\n".join(rows))
    return folder


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("mtfl/lfw_5590/Ann_Lee_0002.jpg", "lfw_5590/Ann_Lee"),
        ("mtfl/net_7876/12_1_0.jpg", "net_7876/12_1_0"),
        ("hands/hagrid/crops/like/00a1.jpg", "hagrid/00a1"),
        ("hands/hagrid/images/00a1.jpg", "hagrid/00a1"),
        ("bsds500_no_people/100007.jpg", "bsds500_no_people/100007"),
    ],
)
def test_groups_by_name(path: str, group: str) -> None:
    assert photo_group(Path(path)) == group


def test_crops_of_whole_photos_are_left_out(hagrid: Path) -> None:
    rng = np.random.default_rng(0)
    crops = gesture_sources.hagrid_crops(hagrid.parents[1], rng)
    assert {sample.group for sample in crops} == {f"hagrid/other{number}" for number in range(20)}


def test_gestures_are_judged_on_photos_that_training_lacks(hagrid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = (gesture_sources.hagrid_crops, gesture_sources.hagrid_frames)
    monkeypatch.setattr(gesture, "TRAINING_SOURCES", sources)
    train, validation = gesture.load(hagrid.parents[1], 32, "rgb", seed=0)
    assert len(train) + len(validation) == len(PHOTOS) + 20
    assert set(train.groups).isdisjoint(validation.groups)
    assert set(train.sources) == set(validation.sources) == {"hagrid", "hagrid_frames"}


def test_photos_without_boxes_are_taught_where_one_hand_is_in_them(hagrid: Path) -> None:
    data, folder = hagrid.parents[1], hagrid / "frames_without_boxes"
    for name in ("like/one", "like/two", "rock/other"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{name}.jpg"), np.zeros((40, 40, 3), np.uint8))
    rows = [("like/one", 5), ("like/two", 5), ("like/two", 20), ("rock/other", 5)]
    lines = [f"hands/hagrid/frames_without_boxes/{name}.jpg,{at},5,{at + 10},15" for name, at in rows]
    (data / "teacher").mkdir()
    (data / "teacher/hands.csv").write_text("\n".join(["image,xmin,ymin,xmax,ymax", *lines]))
    photos = list(gesture_sources.hagrid_photos(data, np.random.default_rng(0)))
    assert [(photo.group, photo.label) for photo in photos] == [("hagrid/one", "thumb_up"), ("hagrid/other", "none")]
    assert photos[0].box == Box(4, 4, 16, 16)


def test_without_the_teachers_list_there_are_no_photos_without_boxes(hagrid: Path) -> None:
    assert not list(gesture_sources.hagrid_photos(hagrid.parents[1], np.random.default_rng(0)))


def test_hands_are_judged_on_photos_that_composites_lack(hagrid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, held_back = split(boxes_csv(hagrid, complete=True), 0.3)
    pasted: list[str] = []
    monkeypatch.setattr(composites, "HAND_SOURCES", {gesture_sources.hagrid_crops: 1})
    monkeypatch.setattr(composites, "backgrounds", lambda data, rng: [])
    monkeypatch.setattr(composites, "oxford_others", lambda data, rng: [])
    monkeypatch.setattr(composites, "mtfl", lambda folder: [])
    monkeypatch.setattr(composites, "_photos_without_people", lambda data, share: [])
    monkeypatch.setattr(
        composites, "write_composites", lambda hands, *rest: pasted.extend(sample.group for sample in hands)
    )
    composites.make_hand_composites(hagrid.parents[1], hagrid / "out", 0.3, np.random.default_rng(0))
    assert held_back
    assert pasted
    assert {Path(group).name for group in pasted}.isdisjoint(scene.path.stem for scene in held_back)


def test_faces_of_a_session_are_one_group_for_the_teacher_too(hagrid: Path) -> None:
    data = hagrid.parents[1]
    points = ",".join(map(str, range(10)))
    rows = [f"hands/hagrid/images/{name}.jpg,5,5,30,30,{points}" for name in PHOTOS]
    columns = "image,xmin,ymin,xmax,ymax,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\n"
    (data / "faces.csv").write_text(columns + "\n".join(rows))
    scenes = Teacher(data / "faces.csv", data).faces(data / "hands")
    expected = {scene.path: scene.group for scene in boxes_csv(hagrid, complete=True)}
    assert {scene.path: scene.group for scene in scenes} == expected


def test_people_as_background_are_held_back_with_their_faces(tmp_path: Path) -> None:
    names = [f"Ann_Lee_{number:04}" for number in range(1, 5)]
    for number, name in enumerate(names):
        write_picture(tmp_path / f"mtfl/lfw_5590/{name}.jpg", number)
    (group,) = {scene.group for scene in backgrounds(tmp_path / "mtfl")}
    assert group == "lfw_5590/Ann_Lee"
    assert {is_held_out(scene.group, 0.5) for scene in backgrounds(tmp_path / "mtfl")} == {is_held_out(group, 0.5)}
