"""Loaders of annotated faces: the CVPR13/MTFL list and the 300-W ``.pts`` files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from convert.data.scenes import Floats, Scene
from edge.errors import InputError

TEMPLATE = np.array(
    [[0.2685, 0.2585], [0.7389, 0.2519], [0.5029, 0.5415], [0.3060, 0.7684], [0.7136, 0.7640]], np.float32
)
"""Mean of the five points in the MTFL boxes, ``(5, 2)`` x, y in box sides: the one box rule of all sources."""

_EYE_LEFT, _EYE_RIGHT, _NOSE_TIP, _MOUTH_LEFT, _MOUTH_RIGHT = slice(36, 42), slice(42, 48), 30, 48, 54
"""Indices of the 68 points (300-W mark-up), counted from 0; left and right as seen in the image."""


def mtfl(folder: Path) -> list[Scene]:
    """Read ``trainImageList.txt``: lines of ``path x1 x2 y1 y2`` and five ``x y``, one face of each photo.

    The boxes were drawn by hand and vary; for all sources they are made from the five points instead.
    Photos under ``lfw_5590`` carry a name: all photos of one person make one group.
    """
    listing = folder / "trainImageList.txt"
    return [_mtfl_scene(folder, line, f"{listing}:{number}") for number, line in enumerate(_lines(listing), 1)]


def helen(folder: Path) -> list[Scene]:
    """Read a 300-W folder: 68 points in ``NAME.pts`` beside ``NAME.jpg``."""
    return [_pts_scene(path) for path in sorted(folder.glob("*.pts"))]


def face_box(landmarks: Floats) -> Floats:
    """Give the tight square box, ``(4,)`` x1, y1, x2, y2, whose template fits five points ``(5, 2)`` best.

    Least squares over scale and shift: with centred points p and template q the side is Σp·q / Σq·q.
    """
    centre, template_centre = landmarks.mean(0), TEMPLATE.mean(0)
    points, template = landmarks - centre, TEMPLATE - template_centre
    side = np.sum(points * template) / np.sum(template**2)
    corner = centre - side * template_centre
    return np.concatenate([corner, corner + side]).astype(np.float32)


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text().splitlines() if line.strip()]
    except OSError as error:
        raise InputError(
            f"{path}: cannot read the list of faces: {error.strerror}; unpack the archive there"
        ) from error


def _mtfl_scene(folder: Path, line: str, where: str) -> Scene:
    fields = line.split()
    if len(fields) != 15:
        raise InputError(f"{where}: expected a path and 14 numbers; received {len(fields)} fields")
    path = folder / fields[0].replace("\\", "/")
    try:
        _, _, _, _, *points = map(float, fields[1:])
    except ValueError as error:
        raise InputError(f"{where}: expected a path and 14 numbers; {error}") from error
    landmarks = np.array(points, np.float32).reshape(5, 2)
    named = path.parent.name.startswith("lfw")
    group = re.sub(r"_\d+$", "", path.stem) if named else path.stem
    return Scene(
        path,
        group=f"{path.parent.name}/{group}",
        boxes=face_box(landmarks)[None],
        landmarks=landmarks[None],
    )


def _pts_scene(path: Path) -> Scene:
    body = re.search(r"\{(.*)\}", path.read_text(), re.DOTALL)
    points = np.array(body[1].split() if body else [], np.float32)
    if points.size != 136:
        raise InputError(f"{path}: expected 68 points between braces; received {points.size} numbers")
    points = points.reshape(68, 2) - 1  # the mark-up counts pixels from 1
    five = np.stack(
        [points[_EYE_LEFT].mean(0), points[_EYE_RIGHT].mean(0), *points[[_NOSE_TIP, _MOUTH_LEFT, _MOUTH_RIGHT]]]
    )
    return Scene(
        path.with_suffix(".jpg"),
        group=f"helen/{path.stem.split('_')[0]}",
        boxes=face_box(five)[None],
        landmarks=five[None],
    )
