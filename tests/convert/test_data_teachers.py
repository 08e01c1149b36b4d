"""The teacher's lists: everything around MediaPipe, which these tests do without."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from convert.data.teacher import POINTS, Teacher
from convert.data.teachers import __main__ as command
from convert.data.teachers import mediapipe_models
from convert.data.teachers.eyes import EYE_CONTOURS
from convert.data.teachers.faces import MESH_EYES, MESH_MOUTH, MESH_NOSE_TIP, FaceTeacher, five_points
from convert.data.teachers.hands import find_hands
from convert.data.teachers.joints import WINDOW, boxed_hands, find_joints
from edge.errors import InputError
from edge.values import Box

IMAGE = np.zeros((100, 200, 3), np.uint8)


class Network:
    """Answers like one of MediaPipe's networks: the same for every picture."""

    def __init__(self, **answer: Any) -> None:
        self._answer = SimpleNamespace(**answer)
        self.seen: list[tuple[int, ...]] = []

    def process(self, image: np.ndarray) -> SimpleNamespace:
        self.seen.append(image.shape)
        return self._answer


def landmarks(points: np.ndarray) -> SimpleNamespace:
    """Relative coordinates ``(n, 2)``."""
    return SimpleNamespace(landmark=[SimpleNamespace(x=float(x), y=float(y)) for x, y in points])


def detection(score: float, x: float, y: float, width: float, height: float) -> SimpleNamespace:
    box = SimpleNamespace(xmin=x, ymin=y, width=width, height=height)
    return SimpleNamespace(score=[score], location_data=SimpleNamespace(relative_bounding_box=box))


def mesh_points() -> np.ndarray:
    """Relative ``(478, 2)`` points between 0.2 and 0.4, with the five points at known places."""
    points = np.full((478, 2), 0.3)
    points[0], points[2] = (0.2, 0.2), (0.4, 0.4)
    points[list(MESH_EYES[0])], points[list(MESH_EYES[1])] = (0.25, 0.25), (0.35, 0.25)
    points[MESH_NOSE_TIP] = (0.3, 0.31)
    points[list(MESH_MOUTH)] = [(0.26, 0.36), (0.34, 0.36)]
    return points


def test_a_hand_is_the_hull_of_its_joints_in_pixels() -> None:
    network = Network(multi_hand_landmarks=[landmarks(np.array([(0.1, 0.2), (0.3, 0.6), (0.2, 0.4)]))])
    assert find_hands(network, IMAGE) == [{"xmin": 20.0, "ymin": 20.0, "xmax": 60.0, "ymax": 60.0}]
    assert find_hands(Network(multi_hand_landmarks=None), IMAGE) == []


def test_joints_are_those_of_the_hand_in_the_box() -> None:
    image, box = np.zeros((400, 400, 3), np.uint8), Box(100, 120, 200, 220)
    inside = 0.5 + (np.random.default_rng(0).random((21, 2)) - 0.5) / WINDOW
    inside[:2] = [(0.25, 0.25), (0.75, 0.75)]
    elsewhere = np.full((21, 2), 0.05)
    found = find_joints(Network(multi_hand_landmarks=[landmarks(elsewhere), landmarks(inside)]), image, box)
    assert found is not None
    np.testing.assert_allclose(found[:2], [(100, 120), (200, 220)])
    assert find_joints(Network(multi_hand_landmarks=[landmarks(elsewhere)]), image, box) is None
    assert find_joints(Network(multi_hand_landmarks=None), image, box) is None


def test_every_box_has_its_number_in_the_picture(tmp_path: Path) -> None:
    folder = tmp_path / "hands/eduart"
    (folder / "images").mkdir(parents=True)
    for name in "ab":
        cv2.imwrite(str(folder / f"images/{name}.jpg"), IMAGE)
    rows = ["images/a.jpg,stop,s,0,0,9,9", "images/b.jpg,stop,s,1,1,9,9", "images/a.jpg,up,s,2,2,9,9"]
    (folder / "boxes.csv").write_text("image,label,session,xmin,ymin,xmax,ymax\n" + "\n".join(rows))
    crop = tmp_path / "hands/hagrid/crops/like/c.jpg"
    crop.parent.mkdir(parents=True)
    cv2.imwrite(str(crop), IMAGE)
    found = [(hand.file.stem, hand.index, hand.box) for hand in boxed_hands(tmp_path)]
    assert found == [("a", 0, (0, 0, 9, 9)), ("a", 1, (2, 2, 9, 9)), ("b", 0, (1, 1, 9, 9)), ("c", 0, None)]


def test_five_points_by_hand() -> None:
    expected = [(0.25, 0.25), (0.35, 0.25), (0.3, 0.31), (0.26, 0.36), (0.34, 0.36)]
    np.testing.assert_allclose(five_points(mesh_points()), expected)


def test_a_face_is_listed_once_and_a_mesh_goes_before_detections() -> None:
    same, weaker = detection(0.9, 0.2, 0.2, 0.2, 0.2), detection(0.5, 0.7, 0.5, 0.21, 0.2)
    other = detection(0.8, 0.7, 0.5, 0.2, 0.2)
    detectors = (Network(detections=[same, weaker]), Network(detections=[other]))
    mesh = Network(multi_face_landmarks=[landmarks(mesh_points())])
    first, second = FaceTeacher(detectors, mesh).find(IMAGE)
    assert [first[edge] for edge in ("xmin", "ymin", "xmax", "ymax")] == [40.0, 20.0, 80.0, 40.0]
    assert [first[name] for name in POINTS] == [50.0, 25.0, 70.0, 25.0, 60.0, 31.0, 52.0, 36.0, 68.0, 36.0]
    assert second["xmax"] == pytest.approx(180)
    assert second["x1"] == ""


def test_nothing_found_is_no_row() -> None:
    nothing = Network(detections=None)
    assert FaceTeacher((nothing, nothing), mesh=None).find(IMAGE) == []


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("hands/hagrid/images/a.jpg", "mtfl/net_7876/b.jpg", "lfw/Ann_Lee/Ann_Lee_0001.jpg"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), np.full((100, 200, 3), 120, np.uint8))
    (tmp_path / "mtfl/trainImageList.txt").write_text("net_7876\\b.jpg 50 90 20 60 60 30 80 30 70 42 62 50 78 50\n")
    return tmp_path


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every network finds one thing in every picture."""
    face = Network(detections=[detection(0.9, 0.6, 0.6, 0.2, 0.2)])
    contours = mesh_points()
    for side, x in (("left", 0.25), ("right", 0.35)):
        offsets = np.array([(-0.02, 0), (-0.01, -0.01), (0.01, -0.01), (0.02, 0), (0.01, 0.01), (-0.01, 0.01)])
        contours[list(EYE_CONTOURS[side])] = np.array([x, 0.25]) + offsets
    monkeypatch.setattr(mediapipe_models, "face_detectors", lambda: (face, face))
    monkeypatch.setattr(
        mediapipe_models,
        "face_mesh",
        lambda max_faces, min_confidence: Network(multi_face_landmarks=[landmarks(contours)]),
    )
    hand = landmarks(np.array([(0.1, 0.2), (0.3, 0.6)]))
    monkeypatch.setattr(mediapipe_models, "hands", lambda: Network(multi_hand_landmarks=[hand]))


@pytest.mark.usefixtures("models")
def test_the_cascades_read_the_lists_that_the_command_writes(data: Path) -> None:
    assert command.main(["faces", "--data", str(data)]) == 0
    assert command.main(["hands", "--data", str(data)]) == 0
    (scene,) = Teacher(data / "teacher/faces.csv", data).faces(data / "hands")
    assert scene.path == data / "hands/hagrid/images/a.jpg"
    assert scene.landmarks is not None
    assert scene.unsure.tolist() == [[120, 60, 160, 80]]
    (hands,) = Teacher(data / "teacher/hands.csv", data).hands(data / "hands/hagrid")
    np.testing.assert_allclose(hands.boxes, [[16, 16, 64, 64]])  # the hull of 40 pixels, widened by a tenth


@pytest.mark.usefixtures("models")
def test_only_pictures_without_marked_faces_get_points(data: Path) -> None:
    command.main(["faces", "--data", str(data)])
    with (data / "teacher/faces.csv").open() as file:
        rows = {(row["image"], row["x1"] != "") for row in csv.DictReader(file)}
    assert rows == {
        ("hands/hagrid/images/a.jpg", True),
        ("hands/hagrid/images/a.jpg", False),
        ("mtfl/net_7876/b.jpg", False),
    }


@pytest.mark.usefixtures("models")
def test_eyes_are_listed_with_their_opening(data: Path) -> None:
    assert command.main(["eyes", "--data", str(data)]) == 0
    with (data / "eyes/teacher.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["source"] for row in rows] == ["mtfl", "lfw", "hagrid"]
    # Lids 2 % of 100 pixels apart, corners 4 % of 200.
    assert {row["left_opening"] for row in rows[1:]} == {"0.25"}


@pytest.mark.usefixtures("models")
def test_a_damaged_picture_stops_the_list_and_the_old_one_stays(
    data: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (data / "teacher").mkdir()
    (data / "teacher/hands.csv").write_text("old")
    (data / "mtfl/net_7876/b.jpg").write_bytes(b"no picture")
    assert command.main(["hands", "--data", str(data)]) == InputError.exit_status
    assert "b.jpg" in caplog.text
    assert "1 damaged or mislabelled of 2" in capsys.readouterr().err
    assert (data / "teacher/hands.csv").read_text() == "old"


@pytest.mark.usefixtures("models")
def test_a_wrong_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for lesson in command.LESSONS:
        assert command.main([lesson, "--data", str(tmp_path)]) == InputError.exit_status
        assert str(tmp_path) in capsys.readouterr().err


def test_without_mediapipe_the_message_says_how_to_install_it(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    assert command.main(["hands", "--data", str(data)]) != 0
    assert "pip install mediapipe==0.10.21" in capsys.readouterr().err


def test_a_missing_list_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"python -m convert\.data\.teachers faces --data"):
        Teacher(tmp_path / "teacher/faces.csv", tmp_path)


def test_help_names_every_list(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        command.main(["--help"])
    assert done.value.code == 0
    shown = capsys.readouterr().out
    assert all(lesson.table.as_posix() in shown for lesson in command.LESSONS.values())


@pytest.mark.parametrize("lesson", ["faces", "hands"])
def test_the_recipes_ask_for_these_lists(lesson: str, recipe: Callable[[str], Any]) -> None:
    assert recipe(lesson).teacher == command.LESSONS[lesson].table.as_posix()


@pytest.fixture
def recipe() -> Callable[[str], Any]:
    from convert.training.cascade.recipe import read_cascade_recipe

    return lambda name: read_cascade_recipe(Path(command.__file__).parents[2] / "recipes" / f"{name}.toml")
