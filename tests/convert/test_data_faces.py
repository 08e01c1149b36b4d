"""The CVPR13 and MTFL lists and 300-W's points, on files made here and on the real ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.data.errors import DataError
from convert.data.faces import helen, mtfl

CVPR13 = "lfw_5590\\Ann_Lee_0002.jpg 10 50 20 60 20 30 40 30 30 42 22 50 38 50\n"
MTFL = " lfw_5590\\Ann_Lee_0002.jpg 20 40 30 22 38 30 30 42 50 50 1 1 2 3\n"
POINTS = [[20, 30], [40, 30], [30, 42], [22, 50], [38, 50]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lfw_5590").mkdir()
    cv2.imwrite(str(tmp_path / "lfw_5590/Ann_Lee_0002.jpg"), np.zeros((64, 64, 3), np.uint8))
    return tmp_path


@pytest.mark.parametrize(("name", "line"), [("trainImageList.txt", CVPR13), ("training.txt", MTFL)])
def test_both_lists_give_the_same_face(folder: Path, name: str, line: str) -> None:
    (folder / name).write_text(line)
    (scene,) = mtfl(folder)
    assert scene.path == folder / "lfw_5590/Ann_Lee_0002.jpg"
    assert scene.group == "lfw_5590/Ann_Lee"
    assert scene.landmarks is not None
    np.testing.assert_array_equal(scene.landmarks, [POINTS])
    assert not scene.complete


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("a.jpg 1 2 3\n", "expected a path and 14 numbers; received 4 fields"),
        (CVPR13.replace("42", "x"), "expected a path and 14 numbers; could not convert"),
        (CVPR13.replace("Ann", "Bob"), r"names .*Bob_Lee_0002\.jpg, which isn't there"),
    ],
)
def test_a_damaged_line_is_named_and_skipped(
    folder: Path, line: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "trainImageList.txt").write_text(CVPR13 * 99 + line)
    assert len(mtfl(folder)) == 99
    assert "skipped 1 of 100" in caplog.text
    (folder / "trainImageList.txt").write_text(CVPR13 * 98 + line)
    with pytest.raises(DataError, match=rf"1 damaged or mislabelled of 99, .*trainImageList\.txt:99: {fault}"):
        mtfl(folder)


def test_a_missing_or_empty_list_says_where(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't read a list of faces here"):
        mtfl(tmp_path)
    (tmp_path / "trainImageList.txt").write_text("\n")
    with pytest.raises(DataError, match=r"trainImageList\.txt: .* empty file"):
        mtfl(tmp_path)


def write_points(file: Path, points: np.ndarray) -> None:
    body = "\n".join(f"{x + 1} {y + 1}" for x, y in points)  # the mark-up counts from 1
    file.write_text(f"version: 1\nn_points: {len(points)}\n{{\n{body}\n}}\n")


def test_300w_makes_five_points_of_sixty_eight(tmp_path: Path) -> None:
    points = np.zeros((68, 2))
    points[36:42], points[42:48] = (10, 20), (30, 20)
    points[30], points[48], points[54] = (20, 30), (12, 40), (28, 40)
    write_points(tmp_path / "7_1.pts", points)
    cv2.imwrite(str(tmp_path / "7_1.png"), np.zeros((64, 64, 3), np.uint8))
    (scene,) = helen(tmp_path)
    assert scene.landmarks is not None
    np.testing.assert_allclose(scene.landmarks[0], [[10, 20], [30, 20], [20, 30], [12, 40], [28, 40]])
    assert scene.path == tmp_path / "7_1.png"
    assert scene.group == "helen/7"


def test_300w_refuses_another_mark_up_and_a_missing_picture(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found none"):
        helen(tmp_path)
    write_points(tmp_path / "a.pts", np.ones((1, 2)))
    with pytest.raises(DataError, match="68 points between braces; received 2 numbers"):
        helen(tmp_path)
    write_points(tmp_path / "a.pts", np.ones((68, 2)))
    with pytest.raises(DataError, match="expected its picture beside it"):
        helen(tmp_path)


@pytest.mark.skipif("VIGIL_DATA" not in os.environ, reason="thousands of photos take long to unpack: set $VIGIL_DATA")
def test_the_real_points(dataset: Callable[[str], Path]) -> None:
    assert len(helen(dataset("helen"))) == 870


@pytest.mark.skipif("VIGIL_DATA" not in os.environ, reason="thousands of photos take long to unpack: set $VIGIL_DATA")
def test_the_real_list(dataset: Callable[[str], Path]) -> None:
    assert len(mtfl(dataset("mtfl"))) == 10_000
