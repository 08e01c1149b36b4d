"""Every face in pictures that show more than their annotation says: two detectors, and the five points of a mesh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data.boxes import EDGES
from convert.data.pictures import read_image
from convert.data.teacher import POINTS
from convert.data.teachers import mediapipe_models
from convert.data.teachers.geometry import hull, process, to_pixels
from convert.data.teachers.lesson import Lesson, Row
from convert.data.teachers.photos import pictures_below
from edge.values import Image
from edge.vision.boxes import nms

WITHOUT_FACES = (
    "hands/hagrid/images",
    "hands/hagrid/frames_without_boxes",
    "hands/subhih/images",
    "hands/eduart/images",
)
"""Below the data folder: webcam pictures whose faces nobody marked.  They train, so their five points are needed."""

WITH_ONE_FACE = ("mtfl", "helen/trainset")
"""One face of each picture has its points already; the others must not be taken for background."""

MESH_EYES = ((33, 133, 159, 145), (362, 263, 386, 374))
"""Mesh indices whose mean is an eye's middle: its corners and the middles of its lids; left eye of the image first."""

MESH_NOSE_TIP, MESH_MOUTH = 1, (61, 291)

SAME = 0.5
"""Two finds that share more than this of the smaller one are the same face."""


Coordinates = NDArray[np.floating]


@dataclass(frozen=True)
class FaceTeacher:
    """MediaPipe's ``detectors`` and, where the five points are asked for, its ``mesh``."""

    detectors: tuple[Any, ...]
    mesh: Any | None

    def find(self, image: Image) -> list[Row]:
        """One row a face in the BGR ``image``; a find of the mesh goes before those of the detectors."""
        marked = [] if self.mesh is None else process(self.mesh, image).multi_face_landmarks or []
        meshes = [to_pixels(face.landmark, image) for face in marked]
        detected = [face for detector in self.detectors for face in process(detector, image).detections or []]
        boxes = [*map(hull, meshes), *(_detection_box(face, image) for face in detected)]
        scores = [2.0] * len(meshes) + [face.score[0] for face in detected]
        kept = nms(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), SAME, "min")
        return [_row(boxes[i], five_points(meshes[i]) if i < len(meshes) else None) for i in kept.tolist()]


def five_points(mesh: Coordinates) -> Coordinates:
    """The five points ``(5, 2)`` of a mesh ``(478, 2)``: left eye, right eye, nose, left and right mouth corner."""
    eyes = [mesh[list(indices)].mean(axis=0) for indices in MESH_EYES]
    return np.stack([*eyes, mesh[MESH_NOSE_TIP], *mesh[list(MESH_MOUTH)]])


def _detection_box(face: Any, image: Image) -> Coordinates:
    height, width = image.shape[:2]
    box = face.location_data.relative_bounding_box
    corners = (box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height)
    return np.array(corners) * (width, height, width, height)


def _row(box: Coordinates, points: Coordinates | None) -> Row:
    numbers = [""] * len(POINTS) if points is None else points.ravel().round(1).tolist()
    return dict(zip((*EDGES, *POINTS), (*box.round(1).tolist(), *numbers), strict=True))


def _open_teacher(data: Path) -> Callable[[Path], list[Row]]:
    detectors = mediapipe_models.face_detectors()
    plain = FaceTeacher(detectors, mesh=None)
    with_points = FaceTeacher(detectors, mediapipe_models.face_mesh(max_faces=4, min_confidence=0.5))

    def label(file: Path) -> list[Row]:
        name = file.relative_to(data).as_posix()
        teacher = with_points if name.startswith(WITHOUT_FACES) else plain
        return [{"image": name, **row} for row in teacher.find(read_image(file))]

    return label


FACES = Lesson(
    table=Path("teacher", "faces.csv"),
    columns=("image", *EDGES, *POINTS),
    pictures=lambda data: pictures_below(data, WITHOUT_FACES + WITH_ONE_FACE),
    open_teacher=_open_teacher,
)
