"""Annotated boxes in the forms of their owners: WIDER FACE, CelebA, Pascal VOC, YOLO and CSV."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.data.boxes import boxes_csv
from convert.data.celeba import celeba
from convert.data.celeba import read_faces as read_celeba
from convert.data.errors import DataError
from convert.data.voc import voc
from convert.data.wider import read_photos, wider
from convert.data.yolo import yolo


def write_picture(file: Path, height: int = 40, width: int = 80) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.full((height, width, 3), 120, np.uint8))
    return file


WIDER_LIST = """\
0--Parade/0_Parade_a_1_849.jpg
1
449 330 122 149 0 0 0 0 0 0
0--Parade/0_Parade_Parade_0_452.jpg
0
0 0 0 0 0 0 0 0 0 0
1--Handshaking/1_Handshaking_b_1_1.jpg
4
10 20 30 40 2 1 1 0 1 1
50 20 30 40 0 0 0 1 2 0
90 20 8 9 0 0 0 0 0 0
99 20 0 12 0 0 0 0 0 0
"""


@pytest.fixture
def wider_folder(tmp_path: Path) -> Path:
    for part in ("train", "val"):
        listing = tmp_path / f"wider_face_split/wider_face_{part}_bbx_gt.txt"
        listing.parent.mkdir(exist_ok=True)
        listing.write_text(WIDER_LIST)
        for line in WIDER_LIST.splitlines():
            if line.endswith(".jpg"):
                write_picture(tmp_path / f"WIDER_{part}/images" / line)
    return tmp_path


def test_wider_reads_faces_attributes_and_photos_without_faces(wider_folder: Path) -> None:
    one, none, four = read_photos(
        wider_folder / "wider_face_split/wider_face_train_bbx_gt.txt", wider_folder / "WIDER_train/images"
    )
    np.testing.assert_array_equal(one.faces[0].box, [449, 330, 571, 479])
    assert none.faces == ()
    first, invalid, small, flat = four.faces
    attributes = (first.blur, first.expression, first.illumination, first.invalid, first.occlusion, first.pose)
    assert attributes == (2, 1, 1, False, 1, 1)
    assert [face.usable for face in (first, invalid, small, flat)] == [True, False, False, False]


def test_wider_marks_what_is_no_example_as_unsure_and_keeps_the_owners_split(wider_folder: Path) -> None:
    scenes = wider(wider_folder)
    assert [scene.held_back for scene in scenes] == [False] * 3 + [True] * 3
    assert [(len(scene.boxes), len(scene.unsure), scene.complete) for scene in scenes[:3]] == [
        (1, 0, True),
        (0, 0, True),
        (1, 3, True),
    ]
    assert scenes[0].group == "0--Parade/0_Parade_a_1_849"


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("\n4\n", "\n5\n", "expected 5 lines of faces, received 4"),
        ("10 20 30 40 2 1 1 0 1 1", "10 20 30 40", "expected x y w h blur .* received 4 fields"),
        ("10 20", "x 20", "could not convert"),
        ("\n4\n", "\nfour\n", "its number of faces"),
        ("b_1_1.jpg", "b_1_2.jpg", "isn't there"),
    ],
)
def test_wider_names_the_damaged_record(wider_folder: Path, before: str, after: str, fault: str) -> None:
    listing = wider_folder / "wider_face_split/wider_face_train_bbx_gt.txt"
    listing.write_text(WIDER_LIST.replace(before, after))
    with pytest.raises(DataError, match=rf"1 damaged or mislabelled of 3, .*_gt\.txt:\d+: .*{fault}"):
        wider(wider_folder)


def test_wider_wants_its_lists(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected WIDER FACE's"):
        wider(tmp_path)


POINTS = "69 109 106 113 77 142 73 152 108 154"
COLUMNS = "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y"


def celeba_folder(folder: Path) -> Path:
    """The owner's layout: two photos of person 7 and one of person 8."""
    names = [f"{number:06}.jpg" for number in (1, 2, 3)]
    for name in names:
        write_picture(folder / "Img/img_celeba" / name)
    lists = {
        "Anno/list_landmarks_celeba.txt": [f"3\n{COLUMNS}", *(f"{name}  {POINTS}" for name in names)],
        "Anno/list_bbox_celeba.txt": ["3\nimage_id x_1 y_1 width height", *(f"{n} 95 71 226 313" for n in names)],
        "Anno/identity_CelebA.txt": [f"{name} {person}" for name, person in zip(names, (7, 7, 8), strict=True)],
        "Eval/list_eval_partition.txt": [f"{name} {part}" for name, part in zip(names, (0, 0, 2), strict=True)],
    }
    for name, lines in lists.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("\n".join(lines) + "\n")
    return folder


def test_celeba_joins_its_lists(tmp_path: Path) -> None:
    first, _, third = read_celeba(celeba_folder(tmp_path))
    np.testing.assert_array_equal(first.points[:2], [[69, 109], [106, 113]])
    assert first.box is not None
    np.testing.assert_array_equal(first.box, [95, 71, 321, 384])
    assert (third.part, third.person) == (2, 8)


def test_celeba_groups_by_person_and_keeps_the_owners_split(tmp_path: Path) -> None:
    scenes = celeba(celeba_folder(tmp_path))
    assert [scene.group for scene in scenes] == ["celeba/7", "celeba/7", "celeba/8"]
    assert [scene.held_back for scene in scenes] == [False, False, True]
    assert all(scene.landmarks is not None and not scene.complete for scene in scenes)


def test_celeba_from_kaggle_aligned_and_without_further_lists(tmp_path: Path) -> None:
    write_picture(tmp_path / "img_align_celeba/img_align_celeba/000001.jpg")
    csv = f"image_id,{COLUMNS.replace(' ', ',')}\n000001.jpg,{POINTS.replace(' ', ',')}\n"
    (tmp_path / "list_landmarks_align_celeba.csv").write_text(csv)
    (scene,) = celeba(tmp_path)
    assert scene.path.parent.name == "img_align_celeba"
    assert (scene.group, scene.held_back) == ("celeba/000001", None)


def test_celeba_names_what_lacks(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected CelebA's list_landmarks_celeba or"):
        celeba(tmp_path)
    celeba_folder(tmp_path)
    (tmp_path / "Img/img_celeba/000002.jpg").unlink()
    with pytest.raises(DataError, match=r"1 damaged or mislabelled of 3, .*000002\.jpg: listed, but not there"):
        celeba(tmp_path)


VOC = """<annotation><filename>a.jpg</filename><size><width>80</width><height>40</height></size>
<object><name>hand</name><difficult>0</difficult>
<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>10</xmax><ymax>20</ymax></bndbox></object>
<object><name>hand</name><difficult>1</difficult>
<bndbox><xmin>30</xmin><ymin>2</ymin><xmax>40</xmax><ymax>20</ymax></bndbox></object>
<object><name>cup</name><bndbox><xmin>50</xmin><ymin>2</ymin><xmax>60</xmax><ymax>20</ymax></bndbox></object>
</annotation>"""


def voc_folder(folder: Path, annotation: str = VOC) -> Path:
    write_picture(folder / "JPEGImages/a.jpg")
    (folder / "Annotations").mkdir()
    (folder / "Annotations/a.xml").write_text(annotation)
    return folder


def test_voc_counts_from_one_and_leaves_difficult_objects_open(tmp_path: Path) -> None:
    (scene,) = voc(voc_folder(tmp_path))
    np.testing.assert_array_equal(scene.boxes, [[0, 1, 10, 20], [49, 1, 60, 20]])
    np.testing.assert_array_equal(scene.unsure, [[29, 1, 40, 20]])
    (hands,) = voc(tmp_path, ["hand"])
    assert len(hands.boxes) == 1
    assert hands.held_back is None


def test_voc_keeps_the_owners_split(tmp_path: Path) -> None:
    voc_folder(tmp_path)
    (tmp_path / "ImageSets/Main").mkdir(parents=True)
    (tmp_path / "ImageSets/Main/train.txt").write_text("b\n")
    (tmp_path / "ImageSets/Main/val.txt").write_text("a\n")
    (scene,) = voc(tmp_path)
    assert scene.held_back is True


@pytest.mark.parametrize(
    ("annotation", "fault"),
    [
        (VOC[:-5], "expected Pascal VOC's XML"),
        (VOC.replace("<xmax>10</xmax>", ""), "expected bndbox with xmin"),
        (VOC.replace("<xmax>10<", "<xmax>0<"), "must end after it begins"),
        (VOC.replace("a.jpg", "b.jpg"), "isn't there"),
    ],
)
def test_voc_names_the_damaged_file(tmp_path: Path, annotation: str, fault: str) -> None:
    with pytest.raises(DataError, match=rf"a\.xml: .*{fault}"):
        voc(voc_folder(tmp_path, annotation))


def yolo_folder(folder: Path, line: str = "1 0.5 0.5 0.25 0.5") -> Path:
    for name in ("train/a.jpg", "train/b.jpg", "val/c.jpg"):
        write_picture(folder / "images" / name)
        (folder / "labels" / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / "labels/train/a.txt").write_text(f"0 0.25 0.5 0.5 1\n{line}\n")
    (folder / "labels/train/b.txt").write_text("")
    return folder


def test_yolo_scales_by_the_picture_and_takes_a_missing_file_for_no_object(tmp_path: Path) -> None:
    first, empty, missing = yolo(yolo_folder(tmp_path))
    np.testing.assert_allclose(first.boxes, [[0, 0, 40, 40], [30, 10, 50, 30]])
    assert len(empty.boxes) == len(missing.boxes) == 0
    assert [scene.held_back for scene in (first, empty, missing)] == [False, False, True]


def test_yolo_takes_other_subfolders_for_sessions(tmp_path: Path) -> None:
    yolo_folder(tmp_path)
    for name in ("kitchen/1.jpg", "train/hall/2.jpg"):
        write_picture(tmp_path / "images" / name)
    sessions = {scene.path.name: (scene.group, scene.held_back) for scene in yolo(tmp_path)}
    assert sessions["1.jpg"] == (f"{tmp_path.name}/kitchen", None)
    assert sessions["2.jpg"] == (f"{tmp_path.name}/hall", False)
    assert sessions["a.jpg"] == ("train/a", False)


def test_yolo_picks_classes_by_name_or_number(tmp_path: Path) -> None:
    assert len(yolo(yolo_folder(tmp_path), ["1"])[0].boxes) == 1
    (tmp_path / "classes.txt").write_text("hand\ncup\n")
    np.testing.assert_allclose(yolo(tmp_path, ["hand"])[0].boxes, [[0, 0, 40, 40]])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("1 0.5 0.5", "received 3 fields"),
        ("1 60 20 30 10", "from 0 to 1; received '1 60"),
        ("x 0.5 0.5 0.1 0.1", "expected a class from 0 to"),
        ("1 a 0.5 0.1 0.1", "could not convert"),
    ],
)
def test_yolo_names_the_damaged_line(tmp_path: Path, line: str, fault: str) -> None:
    with pytest.raises(DataError, match=rf"a\.txt:2: .*{fault}"):
        yolo(yolo_folder(tmp_path, line))


def test_yolo_wants_labels(tmp_path: Path) -> None:
    write_picture(tmp_path / "images/a.jpg")
    with pytest.raises(DataError, match=r"expected labels/\*\.txt beside images/"):
        yolo(tmp_path)


BOXES = "image,label,session,xmin,ymin,xmax,ymax\n"


def test_boxes_of_some_labels_leave_the_others_pictures_empty(tmp_path: Path) -> None:
    for name in "abc":
        write_picture(tmp_path / f"images/{name}.jpg")
    rows = "images/a.jpg,palm,s,0,1,2,3\nimages/b.jpg,fist,t,0,1,2,3\n"
    (tmp_path / "boxes.csv").write_text(BOXES + rows)
    scenes = boxes_csv(tmp_path, complete=True, labels=["palm"])
    assert [(scene.path.stem, len(scene.boxes)) for scene in scenes] == [("a", 1), ("b", 0), ("c", 0)]
    assert len(boxes_csv(tmp_path, complete=False)) == 2


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("images/z.jpg,palm,s,0,1,2,3", "isn't there"),
        ("images/a.jpg,palm,s,0,1,two,3", "expected numbers in xmin"),
        ("images/a.jpg,palm,s,5,1,2,3", "must end after it begins"),
        ("images/a.jpg,palm,s,5", "expected ymin, but the row has 4 cells"),
    ],
)
def test_boxes_name_the_damaged_row(tmp_path: Path, row: str, fault: str) -> None:
    write_picture(tmp_path / "images/a.jpg")
    (tmp_path / "boxes.csv").write_text(BOXES + row + "\n")
    with pytest.raises(DataError, match=rf"boxes\.csv:2: .*{fault}"):
        boxes_csv(tmp_path, complete=True)


def test_boxes_want_their_table_and_columns(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"boxes\.csv: can't read"):
        boxes_csv(tmp_path, complete=True)
    (tmp_path / "boxes.csv").write_text("image,label\n")
    with pytest.raises(DataError, match="lacks session, xmin"):
        boxes_csv(tmp_path, complete=True)
