"""The eyes in photos: where each is and how far its lids are apart, by MediaPipe's face mesh.

:mod:`convert.data.eyes` reads the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data import cvpr13, pts
from convert.data.errors import DataError
from convert.data.eyes import TEACHER_COLUMNS, TEACHER_TABLE
from convert.data.pictures import read_image
from convert.data.scenes import Floats
from convert.data.teachers import mediapipe_models
from convert.data.teachers.geometry import hull, process, to_pixels
from convert.data.teachers.lesson import Lesson, Row

EYE_CONTOURS = {"left": (33, 160, 158, 133, 153, 144), "right": (362, 385, 387, 263, 373, 380)}
"""Face mesh indices of each eye (image side): outer or inner corner, two points of the upper lid, the other corner,
two points of the lower lid; the order of Soukupová and Čech (2016), "Real-Time Eye Blink Detection"."""

MESH_SIDE = 320
"""Photos are shown to the teacher at this size: its detector misses faces that fill little of the picture."""


@dataclass(frozen=True)
class Photo:
    """One photo to label: ``window`` ``(x1, y1, x2, y2)`` in pixels is where its face is, with margin."""

    source: str
    file: Path
    group: str
    window: tuple[int, int, int, int] | None = None


def photos(data: Path) -> Iterator[Photo]:
    """The photos of the data sets that show faces."""
    if (data / "mtfl").is_dir():
        yield from _mtfl(data / "mtfl")
    for file in sorted((data / "helen" / "trainset").glob("*.jpg")):
        yield Photo("helen", file, file.stem, _around(pts.read_points(file.with_suffix(".pts"))))
    for file in sorted((data / "lfw").glob("*/*.jpg")):
        yield Photo("lfw", file, file.parent.name)
    for file in sorted((data / "hands" / "hagrid").glob("images/*.jpg")):
        yield Photo("hagrid", file, file.stem)
    for file in sorted((data / "hands" / "hagrid").glob("frames_without_boxes/*/*.jpg")):
        yield Photo("hagrid", file, file.stem)


def eye_opening(contour: NDArray[np.float64]) -> float:
    """The eye aspect ratio: the distance of the lids over that of the corners.

    ``contour`` ``(6, 2)`` x, y in the order of :data:`EYE_CONTOURS`.  About 0.3 for an open eye, below 0.15 for a
    closed one.
    """
    corner, upper1, upper2, other_corner, lower2, lower1 = contour
    width = np.linalg.norm(corner - other_corner)
    lids = np.linalg.norm(upper1 - lower1) + np.linalg.norm(upper2 - lower2)
    return float(lids / (2 * width)) if width > 0 else 0.0


def label_photo(mesh: Any, photo: Photo) -> Row | None:
    """One row of the list, without ``image``; None where the teacher finds no face."""
    image = read_image(photo.file)
    x, y = 0, 0
    if photo.window is not None:
        x, y = max(photo.window[0], 0), max(photo.window[1], 0)
        image = image[y : photo.window[3], x : photo.window[2]]
    scale = MESH_SIDE / min(image.shape[:2])
    found = find_eyes(mesh, cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))
    if found is None:
        return None
    row: Row = {"source": photo.source, "group": photo.group}
    for side, contour in found.items():
        center = contour.mean(axis=0) / scale + (x, y)
        row[f"{side}_x"], row[f"{side}_y"] = (round(float(v), 2) for v in center)
        row[f"{side}_opening"] = round(eye_opening(contour), 4)
    return row


def find_eyes(mesh: Any, image: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]] | None:
    """The eyes' contours ``(6, 2)`` by side, in pixels of the BGR ``image``; None without a face."""
    result = process(mesh, image)
    if not result.multi_face_landmarks:
        return None
    points = to_pixels(result.multi_face_landmarks[0].landmark, image)
    return {side: points[list(indices)] for side, indices in EYE_CONTOURS.items()}


def _pictures(data: Path) -> list[Photo]:
    found = list(photos(data))
    if not found:
        raise DataError(f"{data}: none of mtfl, helen, lfw, hands/hagrid in here; --data names the data sets' folder")
    return found


def _open_teacher(data: Path) -> Callable[[Photo], list[Row]]:
    mesh = mediapipe_models.face_mesh(max_faces=1, min_confidence=0.3)

    def label(photo: Photo) -> list[Row]:
        row = label_photo(mesh, photo)
        return [] if row is None else [{**row, "image": photo.file.relative_to(data).as_posix()}]

    return label


def _mtfl(folder: Path) -> Iterator[Photo]:
    for face in cvpr13.read_list(folder / "trainImageList.txt"):
        if face.box is not None:
            x1, y1, x2, y2 = face.box.astype(int).tolist()
            margin = (x2 - x1) // 2
            yield Photo("mtfl", face.path, face.path.stem, (x1 - margin, y1 - margin, x2 + margin, y2 + margin))


def _around(points: Floats) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = hull(points)
    margin = 0.5 * (x2 - x1)
    return int(x1 - margin), int(y1 - margin), int(x2 + margin), int(y2 + margin)


EYES = Lesson(table=TEACHER_TABLE, columns=TEACHER_COLUMNS, pictures=_pictures, open_teacher=_open_teacher)
