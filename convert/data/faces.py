"""Annotated faces as scenes: one rule makes the box from the five points, whichever data set they come from."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from convert.data import cvpr13, pts
from convert.data.faults import POLICY
from convert.data.groups import photo_group
from convert.data.scenes import Floats, Scene

TEMPLATE = np.array(
    [[0.2685, 0.2585], [0.7389, 0.2519], [0.5029, 0.5415], [0.3060, 0.7684], [0.7136, 0.7640]], np.float32
)
"""Mean of the five points in the MTFL boxes, ``(5, 2)`` x, y in box sides: the one box rule of all sources."""

_HELEN_NAME = re.compile(r"(\d+)_\d+")


def mtfl(folder: Path) -> list[Scene]:
    """The CVPR13 or MTFL lists in ``folder``: one face of each photo is marked, others may be in view."""
    return [one_face(face.path, photo_group(face.path), face.points) for face in cvpr13.read_faces(folder)]


def helen(folder: Path) -> list[Scene]:
    """A 300-W folder; HELEN's files are named ``PHOTO_FACE``, and a photo's faces make one group."""
    return list(POLICY.sift(str(folder), pts.pts_files(folder), _pts_scene))


def one_face(path: Path, group: str, points: Floats, held_back: bool | None = None) -> Scene:
    """A photo of which one face is known, by its five ``points`` ``(5, 2)``."""
    return Scene(path, group, boxes=face_box(points)[None], landmarks=points[None], held_back=held_back)


def face_box(landmarks: Floats) -> Floats:
    """Give the tight square box, ``(4,)`` x1, y1, x2, y2, whose template fits five points ``(5, 2)`` best.

    Least squares over scale and shift: with centred points p and template q the side is Σp·q / Σq·q.
    """
    centre, template_centre = landmarks.mean(0), TEMPLATE.mean(0)
    points, template = landmarks - centre, TEMPLATE - template_centre
    side = np.sum(points * template) / np.sum(template**2)
    corner = centre - side * template_centre
    return np.concatenate([corner, corner + side]).astype(np.float32)


def _pts_scene(file: Path) -> Scene:
    points = pts.five_of(pts.read_points(file))
    photo = _HELEN_NAME.fullmatch(file.stem)
    return one_face(pts.picture_of(file), f"helen/{photo[1] if photo else file.stem}", points)
