"""Loaders of annotated hands: lists of boxes, a teacher's list, and composites of hands cut out of other pictures."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from convert.data.groups import photo_group
from convert.data.scenes import Floats, Scene
from edge.errors import InputError

EDGES = ("xmin", "ymin", "xmax", "ymax")


def boxes_csv(folder: Path, complete: bool) -> list[Scene]:
    """Read ``boxes.csv`` (``image,label,session,width,height,xmin,ymin,xmax,ymax``); each session is one group.

    Images in ``images/`` without a row hold no hand if the list is ``complete``; else they are left out.
    """
    boxes: dict[str, list[list[float]]] = defaultdict(list)
    for row in _rows(folder / "boxes.csv"):
        boxes[row["image"]].append([float(row[edge]) for edge in EDGES])
    groups = sessions(folder)
    scenes = [
        Scene(folder / image, groups[folder / image], np.array(found, np.float32), complete=complete)
        for image, found in boxes.items()
    ]
    if complete:
        empty = (path for path in sorted((folder / "images").glob("*")) if f"images/{path.name}" not in boxes)
        scenes += [Scene(path, photo_group(path), complete=True) for path in empty]
    return scenes


def sessions(folder: Path) -> dict[Path, str]:
    """The group of each picture that ``boxes.csv`` in ``folder`` lists: its data set and session."""
    return {folder / row["image"]: f"{folder.name}/{row['session']}" for row in _rows(folder / "boxes.csv")}


def widened(hulls: Floats, share: float = 0.1) -> Floats:
    """Widen hulls of a hand's 21 joints ``(n, 4)`` by ``share`` of their longer sides, to the skin's outline.

    A tenth brings MediaPipe's hulls nearest to HaGRID's own boxes: mean IoU 0.86 over 283 hands.
    """
    margin = share * np.max(hulls[:, 2:] - hulls[:, :2], axis=1, keepdims=True)
    return np.concatenate([hulls[:, :2] - margin, hulls[:, 2:] + margin], axis=1)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise InputError(
            f"{path}: cannot read the list of boxes: {error.strerror}; unpack the archive there"
        ) from error
