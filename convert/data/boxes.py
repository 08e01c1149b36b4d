"""Boxes in CSV: ``boxes.csv`` with the columns ``image, label, session, xmin, ymin, xmax, ymax``, an object a row.

``image`` is relative to the table's folder; ``session`` is the person or recording, which a split keeps together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert.data.errors import DamagedError, DataError
from convert.data.faults import POLICY
from convert.data.groups import photo_group
from convert.data.lists import require_file
from convert.data.pictures import image_files
from convert.data.scenes import Floats, Scene
from convert.data.tables import Row, read_rows

TABLE = "boxes.csv"
EDGES = ("xmin", "ymin", "xmax", "ymax")
COLUMNS = ("image", "label", "session", *EDGES)


@dataclass(frozen=True)
class AnnotatedBox:
    """One object: ``box`` ``(4,)`` float32 x1, y1, x2, y2 in pixels of the picture ``path``."""

    path: Path
    label: str
    session: str
    box: Floats


def read_boxes(folder: Path) -> list[AnnotatedBox]:
    """The rows of ``boxes.csv`` in ``folder``.

    Raises:
        DataError: no such table, a column lacks, or too many rows are damaged or name missing pictures.
    """
    table = folder / TABLE
    return list(POLICY.sift(str(table), read_rows(table, COLUMNS), _annotated))


def by_picture(rows: Iterable[AnnotatedBox]) -> list[list[AnnotatedBox]]:
    """The rows of each picture, in the table's order: a box's place among them is its number."""
    pictures: dict[Path, list[AnnotatedBox]] = defaultdict(list)
    for row in rows:
        pictures[row.path].append(row)
    return list(pictures.values())


def boxes_csv(folder: Path, complete: bool, labels: Collection[str] | None = None) -> list[Scene]:
    """The pictures of ``boxes.csv`` in ``folder``, each with its boxes, only those of ``labels`` if given.

    Pictures in ``images/`` without a row hold no object if the table is ``complete``; else they are left out.
    """
    found = read_boxes(folder)
    boxes: dict[Path, list[Floats]] = defaultdict(list)
    groups = {}
    for row in found:
        groups[row.path] = f"{folder.name}/{row.session}"
        boxes[row.path] += [row.box] if labels is None or row.label in labels else []
    scenes = [
        Scene(path, groups[path], np.array(edges, np.float32).reshape(-1, 4), complete=complete)
        for path, edges in boxes.items()
    ]
    if complete and (folder / "images").is_dir():
        empty = (path for path in image_files(folder / "images") if path not in boxes)
        scenes += [Scene(path, photo_group(path), complete=True) for path in empty]
    if not scenes:
        raise DataError(f"{folder / TABLE}: expected a row an object, found none; unpack the data set again")
    return scenes


def sessions(folder: Path) -> dict[Path, str]:
    """The group of each picture that ``boxes.csv`` in ``folder`` lists: its data set and session."""
    return {row.path: f"{folder.name}/{row.session}" for row in read_boxes(folder)}


def _annotated(row: Row) -> AnnotatedBox:
    x1, y1, x2, y2 = row.floats(EDGES)
    if x2 <= x1 or y2 <= y1:
        raise DamagedError(f"{row}: a box must end after it begins, received {x1:g} {y1:g} {x2:g} {y2:g}")
    path = require_file(row.file.parent / row["image"], row)
    return AnnotatedBox(path, row["label"], row["session"], np.array([x1, y1, x2, y2], np.float32))
