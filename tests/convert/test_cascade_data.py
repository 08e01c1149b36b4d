"""Loaders of annotated faces and hands, on files made here."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.data.backgrounds import backgrounds
from convert.data.boxes import boxes_csv
from convert.data.faces import TEMPLATE, face_box
from convert.data.groups import is_held_out
from convert.data.scenes import Scene, split
from convert.data.teacher import POINTS, Teacher, widened
from convert.training.cascade import train
from convert.training.recipe import RecipeError
from edge.errors import InputError

HEADER = "image,label,session,width,height,xmin,ymin,xmax,ymax\n"


def test_face_box_is_the_templates_square() -> None:
    np.testing.assert_allclose(face_box(TEMPLATE * 80 + np.float32([5, 7])), [5, 7, 85, 87], atol=1e-3)


def test_boxes_csv_groups_by_image_and_adds_empty_images(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for name in ("a.jpg", "b.jpg"):
        cv2.imwrite(str(tmp_path / "images" / name), np.zeros((4, 4, 3), np.uint8))
    rows = "images/a.jpg,palm,s1,4,4,0,1,2,3\nimages/a.jpg,fist,s1,4,4,1,1,3,3\n"
    (tmp_path / "boxes.csv").write_text(HEADER + rows)
    with_hands, without = boxes_csv(tmp_path, complete=True)
    np.testing.assert_allclose(with_hands.boxes, [[0, 1, 2, 3], [1, 1, 3, 3]])
    assert with_hands.group == f"{tmp_path.name}/s1"
    assert without.path.name == "b.jpg"
    assert len(without.boxes) == 0


def test_widened_adds_a_tenth_of_the_longer_side() -> None:
    np.testing.assert_allclose(widened(np.array([[10, 10, 20, 50]], np.float32)), [[6, 6, 24, 54]])


def test_backgrounds_refuses_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected pictures"):
        backgrounds(tmp_path)


def test_a_group_is_never_split() -> None:
    scenes = [Scene(Path(f"{i}.jpg"), group=f"person{i % 50}") for i in range(500)]
    train, validation = split(scenes, 0.2)
    assert train
    assert validation
    assert {scene.group for scene in train}.isdisjoint(scene.group for scene in validation)


def test_a_larger_share_holds_back_the_smaller_ones_groups_too() -> None:
    groups = [str(i) for i in range(200)]
    assert {g for g in groups if is_held_out(g, 0.1)} <= {g for g in groups if is_held_out(g, 0.3)}


def test_unreadable_picture_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't read this picture"):
        Scene(tmp_path / "none.jpg", "g").read()


def test_teacher_marks_what_the_annotation_lacks(tmp_path: Path) -> None:
    points = ",".join(map(str, (TEMPLATE * 40).ravel()))
    lines = [f"image,xmin,ymin,xmax,ymax,{','.join(POINTS)}", f"hands/x/a_01.jpg,0,0,40,40,{points}"]
    lines.append("hands/x/a_01.jpg,100,100,140,140" + "," * 10)
    (tmp_path / "faces.csv").write_text("\n".join(lines))
    teacher = Teacher(tmp_path / "faces.csv", tmp_path)
    (scene,) = teacher.faces(tmp_path / "hands")
    assert scene.group == "x/a_01"
    np.testing.assert_allclose(scene.boxes, [[0, 0, 40, 40]], atol=1e-3)
    np.testing.assert_allclose(scene.unsure, [[100, 100, 140, 140]])
    marked = teacher.mark(Scene(tmp_path / "hands/x/a_01.jpg", "g", boxes=np.array([[0, 0, 40, 40]], np.float32)))
    assert marked.complete
    np.testing.assert_allclose(marked.unsure, [[100, 100, 140, 140]])


def test_a_folder_holds_one_training(tmp_path: Path) -> None:
    recipe = Path(__file__).parents[2] / "convert" / "recipes" / "hands.toml"
    with pytest.raises(InputError, match=r"hands\.csv"):
        train(recipe, tmp_path / "nothing", tmp_path / "out", seed=0)
    with pytest.raises(RecipeError, match="another seed"):
        train(recipe, tmp_path / "nothing", tmp_path / "out", seed=1)
