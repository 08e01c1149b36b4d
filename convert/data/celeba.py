"""CelebA (Liu et al., 2015): one marked face of each of 202,599 photos of 10,177 people.

Lists, each in the folder itself, in ``Anno`` or in ``Eval``, as the owner's ``.txt`` or Kaggle's ``.csv``:
``list_landmarks_celeba`` (points in the photos of ``img_celeba``) or ``list_landmarks_align_celeba`` (in those of
``img_align_celeba``): ``image`` and five ``x y``, left eye, right eye, nose, left and right mouth corner as seen in
the image; ``list_bbox_celeba``: ``image x y width height`` in ``img_celeba``; ``list_eval_partition``: ``image`` and 0
train, 1 validation, 2 test; ``identity_CelebA``: ``image`` and a person's number.
The owner's ``.txt`` begin with the number of photos and the names of the columns, the last two with neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert.data.errors import DamagedError, DataError
from convert.data.faces import one_face
from convert.data.faults import POLICY
from convert.data.lists import Line, read_lines
from convert.data.scenes import Floats, Scene

LIST_FOLDERS = ("", "Anno", "Eval")
PHOTO_FOLDERS = {
    "list_landmarks_celeba": ("img_celeba", "Img/img_celeba"),
    "list_landmarks_align_celeba": (
        "img_align_celeba",
        "img_align_celeba/img_align_celeba",
        "Img/img_align_celeba",
        "img_align_celeba_png",
    ),
}
"""Where the photos of each list of points lie."""

TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True)
class CelebaFace:
    """One photo: ``points`` ``(5, 2)`` float32, ``box`` ``(4,)`` float32 x1, y1, x2, y2 in pixels.

    ``box``, ``part`` (:data:`TRAIN`, :data:`VALIDATION`, :data:`TEST`) and ``person`` are None without their lists.
    """

    path: Path
    points: Floats
    box: Floats | None
    part: int | None
    person: int | None


def celeba(folder: Path) -> list[Scene]:
    """The marked face of each photo; others may be in view.  The owner's validation and test parts are held back."""
    return [_scene(face) for face in read_faces(folder)]


def read_faces(folder: Path) -> list[CelebaFace]:
    """What the lists in ``folder`` say of each photo; those of the aligned photos only where the others lack.

    Raises:
        DataError: no list of points, no folder of photos, or too many damaged lines or missing photos.
    """
    name = next((name for name in PHOTO_FOLDERS if _find(folder, name)), None)
    if name is None:
        raise DataError(
            f"{folder}: expected CelebA's {' or '.join(PHOTO_FOLDERS)} (.txt or .csv); unpack the data set there"
        )
    photos = _photo_folder(folder, PHOTO_FOLDERS[name])
    boxes = _table(folder, "list_bbox_celeba", 4) if name == "list_landmarks_celeba" else {}
    parts, people = _table(folder, "list_eval_partition", 1), _table(folder, "identity_CelebA", 1)
    points = _table(folder, name, 10)

    def face(image: str) -> CelebaFace:
        path = _photo(photos, image)
        part = int(parts[image][0]) if image in parts else None
        person = int(people[image][0]) if image in people else None
        box = _corners(boxes[image]) if image in boxes else None
        return CelebaFace(path, np.array(points[image], np.float32).reshape(5, 2), box, part, person)

    return list(POLICY.sift(str(folder), list(points), face))


def _scene(face: CelebaFace) -> Scene:
    group = f"celeba/{face.path.stem if face.person is None else face.person}"
    held_back = None if face.part is None else face.part != TRAIN
    return one_face(face.path, group, face.points, held_back)


def _table(folder: Path, name: str, columns: int) -> dict[str, list[float]]:
    """The numbers in ``columns`` of each image; nothing if there is no such list."""
    listing = _find(folder, name)
    if listing is None:
        return {}
    lines = [line for line in read_lines(listing) if _is_row(line)]
    form = f"an image and {columns} numbers"

    def row(line: Line) -> tuple[str, list[float]]:
        image, *numbers = _as_blanks(line).fields(1 + columns, form)
        return image, line.floats(numbers, form)

    return dict(POLICY.sift(str(listing), lines, row))


def _is_row(line: Line) -> bool:
    """Whether it is about an image, and neither the number of photos nor the names of the columns."""
    return "." in _as_blanks(line).text.split()[0]


def _as_blanks(line: Line) -> Line:
    return Line(line.file, line.number, line.text.replace(",", " "))


def _find(folder: Path, name: str) -> Path | None:
    candidates = (folder / place / f"{name}{suffix}" for place in LIST_FOLDERS for suffix in (".txt", ".csv"))
    return next((file for file in candidates if file.is_file()), None)


def _photo_folder(folder: Path, names: tuple[str, ...]) -> Path:
    # Kaggle's archive holds a folder of the same name within the folder.
    found = [folder / name for name in names if any((folder / name).glob("*.[jp][pn]g"))]
    if not found:
        raise DataError(f"{folder}: expected the photos in {' or '.join(names)}; unpack them there")
    return found[0]


def _photo(photos: Path, image: str) -> Path:
    for path in (photos / image, (photos / image).with_suffix(".png")):
        if path.is_file():
            return path
    raise DamagedError(f"{photos / image}: listed, but not there; unpack the data set again")


def _corners(box: list[float]) -> Floats:
    x, y, width, height = box
    return np.array([x, y, x + width, y + height], np.float32)
