r"""The CVPR13 list (Sun et al., 2013), and MTFL's (Zhang et al., 2014) of the same photos: one face each, five points.

``trainImageList.txt``, ``testImageList.txt``: ``path x1 x2 y1 y2`` of the box and five ``x y``, in pixels.
``training.txt``, ``testing.txt`` of MTFL: ``path``, five x, five y, then gender, smile, glasses and pose.
The points are left eye, right eye, nose tip, left and right mouth corner as seen in the image; paths use ``\``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert.data.errors import DataError
from convert.data.faults import POLICY
from convert.data.lists import Line, read_lines, require_file
from convert.data.scenes import Floats

CVPR13_LISTS = ("trainImageList.txt", "testImageList.txt")
MTFL_LISTS = ("training.txt", "testing.txt")

_CVPR13_FORM = "a path and 14 numbers"
_MTFL_FORM = "a path, 10 coordinates and 4 attributes"


@dataclass(frozen=True)
class AnnotatedFace:
    """One face: ``points`` ``(5, 2)`` float32; ``box`` ``(4,)`` float32 x1, y1, x2, y2 by hand, None in MTFL's list."""

    path: Path
    points: Floats
    box: Floats | None


def read_faces(folder: Path) -> list[AnnotatedFace]:
    """The faces of all lists of either form in ``folder``.

    Raises:
        DataError: no list, or too many damaged lines or missing photos.
    """
    lists = [folder / name for name in CVPR13_LISTS + MTFL_LISTS if (folder / name).is_file()]
    if not lists:
        raise DataError(
            f"{folder}: can't read a list of faces here; expected {', '.join(CVPR13_LISTS + MTFL_LISTS)}; "
            "unpack the data set there"
        )
    return [face for listing in lists for face in read_list(listing)]


def read_list(listing: Path) -> list[AnnotatedFace]:
    """The faces of one list, whose name tells its form.

    Raises:
        DataError: it can't be read, or too many lines are damaged or name missing photos.
    """
    parse = _mtfl_face if listing.name in MTFL_LISTS else _cvpr13_face
    return list(POLICY.sift(str(listing), read_lines(listing), parse))


def _cvpr13_face(line: Line) -> AnnotatedFace:
    name, *fields = line.fields(15, _CVPR13_FORM)
    x1, x2, y1, y2, *points = line.floats(fields, _CVPR13_FORM)
    box = np.array([x1, y1, x2, y2], np.float32)
    return AnnotatedFace(_photo(line, name), np.array(points, np.float32).reshape(5, 2), box)


def _mtfl_face(line: Line) -> AnnotatedFace:
    name, *fields = line.fields(15, _MTFL_FORM)
    coordinates = line.floats(fields[:10], _MTFL_FORM)
    return AnnotatedFace(_photo(line, name), np.array(coordinates, np.float32).reshape(2, 5).T, None)


def _photo(line: Line, name: str) -> Path:
    return require_file(line.file.parent / name.replace("\\", "/"), line)
