"""A teacher's list of objects: what a stronger detector finds in pictures whose own annotation is missing or partial.

The list is a CSV file: ``image`` (relative to the data folder), ``xmin, ymin, xmax, ymax`` and, for faces whose five
points are known, ``x1, y1, … x5, y5`` (else empty).  :mod:`convert.data.teachers` writes it with MediaPipe.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from convert.data.boxes import EDGES, sessions
from convert.data.errors import DataError
from convert.data.faces import face_box
from convert.data.faults import POLICY
from convert.data.groups import photo_group
from convert.data.scenes import Floats, Scene, no_boxes
from convert.data.tables import Row, read_rows
from edge.vision.boxes import iou

POINTS = tuple(f"{axis}{index}" for index in range(1, 6) for axis in "xy")
"""Columns of the five points, in the order of a face's landmarks."""

_SAME = 0.3
"""Two boxes that share this much of the smaller one are the same object."""


@dataclass(frozen=True)
class Taught:
    """What a teacher found in one picture: ``boxes`` ``(n, 4)``, and ``landmarks`` ``(m, 5, 2)`` of some of them."""

    boxes: Floats
    landmarks: Floats


class Teacher:
    """The objects of a teacher's list by picture."""

    def __init__(self, path: Path, data: Path) -> None:
        """Read the list at ``path``; its pictures lie under ``data``."""
        boxes: dict[Path, list[list[float]]] = defaultdict(list)
        points: dict[Path, list[list[float]]] = defaultdict(list)
        for name, box, face in POLICY.sift(str(path), _rows(path, data), _taught):
            boxes[data / name].append(box)
            points[data / name] += face
        self._found = {
            image: Taught(np.array(found, np.float32), np.array(points[image], np.float32).reshape(-1, 5, 2))
            for image, found in boxes.items()
        }

    def mark(self, scene: Scene) -> Scene:
        """Add the objects that the scene's annotation lacks as unsure regions, and call it complete."""
        taught = self._found.get(scene.path)
        return replace(
            scene, unsure=no_boxes() if taught is None else _others(taught.boxes, scene.boxes), complete=True
        )

    def faces(self, folder: Path) -> list[Scene]:
        """Give pictures under ``folder`` in which the teacher found faces; where it gave no points, it is unsure."""
        return [
            Scene(
                path,
                _group(path),
                boxes=(boxes := np.array([face_box(points) for points in taught.landmarks]).reshape(-1, 4)),
                landmarks=taught.landmarks,
                unsure=_others(taught.boxes, boxes),
                complete=True,
            )
            for path, taught in self._under(folder)
        ]

    def hands(self, folder: Path) -> list[Scene]:
        """Give pictures under ``folder`` in which the teacher found hands; there may be more."""
        return [Scene(path, _group(path), boxes=widened(taught.boxes)) for path, taught in self._under(folder)]

    def _under(self, folder: Path) -> Iterable[tuple[Path, Taught]]:
        return ((path, taught) for path, taught in sorted(self._found.items()) if folder in path.parents)


def _group(path: Path) -> str:
    """The session of ``boxes.csv`` where a picture's data set has one: the groups of the other loaders."""
    data_set = path.parent.parent
    if (data_set / "boxes.csv").is_file():
        return _sessions(data_set).get(path) or photo_group(path)
    return photo_group(path)


_sessions = lru_cache(sessions)


def _others(found: Floats, known: Floats) -> Floats:
    return found[iou(found, known, "min").max(1) < _SAME] if len(known) else found


def widened(hulls: Floats, share: float = 0.1) -> Floats:
    """Widen hulls of a hand's 21 joints ``(n, 4)`` by ``share`` of their longer sides, to the skin's outline.

    A tenth brings MediaPipe's hulls nearest to HaGRID's own boxes: mean IoU 0.86 over 283 hands.
    """
    margin = share * np.max(hulls[:, 2:] - hulls[:, :2], axis=1, keepdims=True)
    return np.concatenate([hulls[:, :2] - margin, hulls[:, 2:] + margin], axis=1)


def _taught(row: Row) -> tuple[str, list[float], list[list[float]]]:
    """A picture, the box and the points of one row, the last in a list of one if there are any."""
    return row["image"], row.floats(EDGES), [row.floats(POINTS)] if row.cells.get(POINTS[0]) else []


def _rows(path: Path, data: Path) -> list[Row]:
    if not path.is_file():
        raise DataError(
            f"{path}: can't read the teacher's list (no such file); make it in an environment with mediapipe: "
            f"python -m convert.data.teachers {path.stem} --data {data}"
        )
    return read_rows(path, ("image", *EDGES))
