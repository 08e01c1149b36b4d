"""A cascade recipe's sources, from the owners' layouts to scenes that train and scenes that validate."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from convert.data import drawn_faces
from convert.data.composites import compose, write_composites
from convert.data.errors import DataError
from convert.data.gesture_sources import HandSample
from convert.training.cascade.recipe import CascadeRecipe, SourceTable
from convert.training.scenes import sources
from convert.training.scenes.recipe import Loader
from convert.training.scenes.sources import Source, load_sources
from edge.values import Box

DRAW = {"positives": 1, "parts": 1, "near": 1}
STAGE = {"steps": 1, "batch": 8, "mining_threshold": 0.5, "draw": DRAW}


def recipe(**tables: dict[str, object]) -> CascadeRecipe:
    return CascadeRecipe.model_validate(
        {
            "task": "hands",
            "held_back": 0.4,
            "thresholds": {"pnet": 0.5, "rnet": 0.5, "onet": 0.5},
            "sources": tables,
            "stages": {"pnet": STAGE, "rnet": STAGE, "onet": STAGE},
        }
    )


def write_picture(file: Path, seed: int) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.random.default_rng(seed).integers(0, 256, (40, 60, 3), np.uint8))
    return file


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """``hands/boxes.csv`` with 10 sessions of 4 pictures, and ``rooms`` with 10 photos."""
    rows = ["image,label,session,xmin,ymin,xmax,ymax"]
    for number in range(40):
        name = f"images/{number:02}.png"
        write_picture(tmp_path / "hands" / name, number)
        rows.append(f"{name},{'palm' if number % 2 else 'fist'},session{number // 4},5,5,25,25")
    (tmp_path / "hands/boxes.csv").write_text("\n".join(rows))
    for number in range(10):
        write_picture(tmp_path / f"rooms/{number}.png", 100 + number)
    return tmp_path


def load(data: Path, **tables: dict[str, object]) -> list[Source[SourceTable]]:
    return load_sources(recipe(**tables), data, data / "out", np.random.default_rng(0))


HANDS = {"loader": "boxes", "folder": "hands"}
ROOMS = {"loader": "backgrounds", "folder": "rooms"}


def test_every_loader_of_a_recipe_is_there() -> None:
    special = {*sources._MADE, "taught_faces", "taught_hands"}
    assert {*sources._ANNOTATED, *sources._LABELLED, *special} == set(get_args(Loader))


def test_sessions_train_or_validate_unless_frames_are_asked_for_by_name(data: Path) -> None:
    (by_session,) = load(data, hands=HANDS)
    train, validation = ({scene.group for scene in part} for part in (by_session.train, by_session.validation))
    assert train
    assert validation
    assert train.isdisjoint(validation)
    (by_frame,) = load(data, hands={**HANDS, "split": "random_frames"})
    sessions = ({int(scene.path.stem) // 4 for scene in part} for part in (by_frame.train, by_frame.validation))
    assert len(set.intersection(*sessions)) > 3


def test_frames_without_sessions_are_split_only_when_asked_by_name(data: Path) -> None:
    (data / "rooms").rename(data / "images")
    (data / "labels").mkdir()
    (data / "labels/1.txt").write_text("0 0.5 0.5 0.2 0.2")
    frames = {"loader": "yolo", "folder": "."}
    with pytest.raises(DataError, match=r"sources\.frames: nothing tells .*images/train .* split = 'random_frames'"):
        load(data, frames=frames)
    (source,) = load(data, frames={**frames, "split": "random_frames"})
    assert len(source.train) + len(source.validation) == 10
    (source,) = load(data, frames={**frames, "held_back": False})
    assert len(source.train) == 10


def test_a_picture_that_validates_in_another_source_does_not_train(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (hands,) = load(data, hands=HANDS)
    judged = hands.validation[0].path
    twin = data / "rooms/twin.png"
    twin.write_bytes(judged.read_bytes())
    _, rooms = load(data, hands=HANDS, rooms={**ROOMS, "held_back": False})
    assert len(rooms.train) == 10
    assert f"rooms: {twin} shows the same picture as {judged}, which validates" in caplog.text


def test_objects_of_one_label(data: Path) -> None:
    (hands,) = load(data, hands={**HANDS, "labels": ["palm"], "held_back": False})
    assert sum(len(scene.boxes) for scene in hands.train) == 20
    with pytest.raises(ValidationError, match=r"sources\.rooms\.labels: only the loaders voc, yolo, boxes know labels"):
        recipe(rooms={**ROOMS, "labels": ["palm"]})


def test_a_damaged_picture_is_named_before_training(data: Path) -> None:
    file = data / "rooms/3.png"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(DataError, match=r"rooms: 1 damaged or mislabelled of \d+, .*3\.png: damaged picture"):
        load(data, rooms=ROOMS)


@pytest.mark.parametrize("loader", [*sources._ANNOTATED, *sources._LABELLED])
def test_a_wrong_folder_is_named(tmp_path: Path, loader: Loader) -> None:
    with pytest.raises(DataError, match=str(tmp_path / "absent")):
        load(tmp_path, wrong=SourceTable(loader=loader, folder="absent").model_dump())


def test_composites_get_their_table_last(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    hand = HandSample(np.full((40, 30, 3), 200, np.uint8), Box(0, 0, 30, 40), "palm", "g", "s")
    photo = np.zeros((288, 384, 3), np.uint8)
    write_composites([hand] * 5, [hand], [photo], tmp_path / "out/done", rng)
    (composites,) = load(tmp_path, hands={"loader": "composites", "folder": "done"})
    assert [len(scene.boxes) for scene in composites.train] == [4, 1]
    assert composites.validation == []
    (tmp_path / "full").write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"full.*can't write this"):
        write_composites([hand], [hand], [photo], tmp_path / "full", rng)


def test_pasted_hands_point_all_ways_and_their_boxes_with_them() -> None:
    rng = np.random.default_rng(0)
    image = np.full((60, 40, 3), 40, np.uint8)
    image[:20] = 250  # the fingers
    hand = HandSample(image, Box(0, 0, 40, 60), "palm", "g", "s", np.full((60, 40), 255, np.uint8))
    ways = set()
    for _ in range(60):
        pasted = compose([hand], [], np.full((288, 384, 3), 128, np.uint8), rng, turned=0.75)
        left, top, right, bottom = pasted.boxes[0].round().astype(int).tolist()
        shown = pasted.image[top:bottom, left:right, 0]
        assert (np.abs(shown[3:-3, 3:-3].astype(int) - 128) > 40).mean() > 0.9, "the box bounds the hand"
        height, width = shown.shape
        rows, columns = np.nonzero(shown > 200)
        offset = np.array([rows.mean() / height, columns.mean() / width]) - 0.5
        assert (height > width) == (abs(offset[0]) > abs(offset[1]))
        ways.add((int(np.abs(offset).argmax()), bool(offset[np.abs(offset).argmax()] > 0)))
    assert len(ways) == 4


def test_only_what_is_pasted_can_be_turned() -> None:
    with pytest.raises(ValidationError, match=r"sources\.rooms\.turned: only the loader composites pastes"):
        recipe(rooms={"loader": "backgrounds", "folder": "rooms", "turned": 0.5})


def test_drawn_faces_are_made_once_and_nothing_in_them_is_a_face(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn_faces, "PICTURES", 3)
    (data / "rooms").rename(data / "bsds500_no_people")
    (drawn,) = load(data, drawn={"loader": "drawn_faces", "folder": "drawn"})
    assert [(scene.complete, len(scene.boxes)) for scene in drawn.train] == [(True, 0)] * 3
    assert drawn.validation == []
    made = {scene.path: scene.path.stat().st_mtime_ns for scene in drawn.train}
    load(data, drawn={"loader": "drawn_faces", "folder": "drawn"})
    assert {file: file.stat().st_mtime_ns for file in made} == made
