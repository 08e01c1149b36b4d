"""The shipped bundles on a real picture: the demo scene's public-domain portrait."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.inference import Task, load_bundle
from edge.perception import Observer
from edge.perception.senses import installed_tasks
from edge.values import Frame
from edge.vision.detectors import FaceDetector, HandDetector
from edge.vision.settings import DetectionSettings

EYES = np.array([(204.2, 95.9), (246.5, 98.0)])
"""Centres of the portrait's eyes, pixels."""


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """The portrait, ``(300, 400, 3)`` BGR: one smiling face about 75 px wide."""
    data = resources.files("edge.camera.demo").joinpath("astronaut.jpg").read_bytes()
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


@pytest.fixture(scope="module")
def faces(models_dir: Path) -> FaceDetector:
    return FaceDetector(load_bundle(models_dir / "faces", Task.FACES), min_size_px=40)


@pytest.fixture(scope="module")
def observer(models_dir: Path) -> Observer:
    return Observer.load(models_dir, installed_tasks(models_dir), DetectionSettings(min_face_px=40, min_hand_px=40))


@pytest.mark.parametrize("scale", [0.75, 1.0, 1.6, 4.0, 15.0])
def test_the_face_is_found_once_at_any_size(faces: FaceDetector, portrait: np.ndarray, scale: float) -> None:
    image = cv2.resize(
        portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    (face,) = faces.detect(image)
    error = np.linalg.norm(np.array(face.landmarks[:2]) / scale - EYES, axis=1) / np.linalg.norm(EYES[1] - EYES[0])
    assert error.max() < 0.15
    assert 0.5 < face.score <= 1


@pytest.mark.parametrize("degrees", [-15, 15])
def test_the_eyes_follow_a_tilted_head(faces: FaceDetector, portrait: np.ndarray, degrees: float) -> None:
    turn = cv2.getRotationMatrix2D((225, 100), degrees, 1.0)
    (face,) = faces.detect(cv2.warpAffine(portrait, turn, (400, 300), borderMode=cv2.BORDER_REPLICATE))
    expected = EYES @ turn[:, :2].T + turn[:, 2]
    assert np.abs(np.array(face.landmarks[:2]) - expected).max() < 0.15 * np.linalg.norm(EYES[1] - EYES[0])


def test_a_face_cut_by_the_border_is_found(faces: FaceDetector, portrait: np.ndarray) -> None:
    """15 % of it lack."""
    found = faces.detect(np.ascontiguousarray(portrait[:, 195:]))
    assert len(found) == 1
    assert found[0].box.x1 >= 0


@pytest.mark.parametrize("shape", [(1, 1, 3), (480, 640, 3), (39, 2000, 3)])
def test_nothing_is_found_where_nothing_is(faces: FaceDetector, shape: tuple[int, int, int]) -> None:
    assert faces.detect(np.full(shape, 90, np.uint8)) == ()


def test_no_hand_is_found_in_a_flat_image(models_dir: Path) -> None:
    hands = HandDetector(load_bundle(models_dir / "hands", Task.HANDS))
    assert hands.detect(np.full((480, 640, 3), 90, np.uint8)) == ()


def test_the_portrait_smiles_with_open_eyes(observer: Observer, portrait: np.ndarray) -> None:
    (face,) = observer.analyze(portrait).faces
    assert face.emotion is not None
    assert face.emotion.label == "happy"
    assert face.eyes is not None
    assert min(face.eyes.left_open or 0, face.eyes.right_open or 0) > 0.5


def test_a_stream_that_changes_size_in_its_middle(observer: Observer, portrait: np.ndarray) -> None:
    small = cv2.resize(portrait, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    for index, image in enumerate((portrait, small, portrait[:150], portrait)):
        assert len(observer.observe(Frame(image, index / 10, index)).faces) == 1
