"""YOLO boxes (Darknet, Ultralytics): ``labels/NAME.txt`` of the photo ``images/NAME.jpg``, a line an object.

A line is ``class center_x center_y width height`` in shares of the photo's sides.  A photo without a file, or with an
empty one, has no object.  Subfolders of ``images`` are repeated in ``labels``; the first, if it is ``train``, ``val``
or ``test``, is the owner's split, and any other a session.  ``classes.txt`` names the classes, a line each; without it
they are called ``0``, ``1``, …
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from convert.data.errors import DamagedError, DataError
from convert.data.faults import POLICY
from convert.data.groups import photo_group
from convert.data.lists import Line, read_lines, read_text
from convert.data.pictures import all_image_files, read_image
from convert.data.scenes import Floats, Scene

HELD_BACK = {"train": False, "val": True, "valid": True, "test": True}

_FORM = "class center_x center_y width height, the last four from 0 to 1"


def yolo(folder: Path, labels: Collection[str] | None = None) -> list[Scene]:
    """The photos below ``folder/images`` with their objects; only those of the classes ``labels``, if given.

    Raises:
        DataError: no photos, or no labels at all, or too many damaged files.
    """
    if not any((folder / "labels").rglob("*.txt")):
        raise DataError(f"{folder}: expected labels/*.txt beside images/, found none; unpack the data set there")
    names = _class_names(folder)
    photos = all_image_files(folder / "images")
    return list(POLICY.sift(str(folder), photos, lambda photo: _scene(folder, photo, names, labels)))


def _scene(folder: Path, photo: Path, names: list[str], labels: Collection[str] | None) -> Scene:
    inside = photo.relative_to(folder / "images")
    listing = folder / "labels" / inside.with_suffix(".txt")
    found = [_object(line, names) for line in _lines(listing)]
    boxes = np.array([box for label, box in found if labels is None or label in labels], np.float32).reshape(-1, 4)
    if len(boxes):
        height, width = read_image(photo).shape[:2]
        boxes *= np.array([width, height, width, height], np.float32)
    held_back = HELD_BACK.get(inside.parts[0])
    sessions = [part for part in inside.parts[:-1] if part not in HELD_BACK]
    group = f"{folder.name}/{'/'.join(sessions)}" if sessions else photo_group(photo)
    return Scene(photo, group, boxes=boxes, complete=True, held_back=held_back)


def _object(line: Line, names: list[str]) -> tuple[str, Floats]:
    """A class and its box ``(4,)`` x1, y1, x2, y2 in shares of the sides."""
    number, *fields = line.fields(5, _FORM)
    x, y, width, height = line.floats(fields, _FORM)
    if not (min(x, y, width, height) >= 0 and max(x, y, width, height) <= 1):
        raise DamagedError(f"{line}: expected {_FORM}; received {line.text!r}")
    if not number.isdecimal() or (names and int(number) >= len(names)):
        raise DamagedError(f"{line}: expected a class from 0 to {len(names) - 1 if names else '…'}, received {number}")
    label = names[int(number)] if names else number
    return label, np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2], np.float32)


def _lines(listing: Path) -> list[Line]:
    if not listing.is_file():
        return []
    rows = enumerate(read_text(listing).splitlines(), 1)
    return [Line(listing, number, text) for number, text in rows if text.strip()]


def _class_names(folder: Path) -> list[str]:
    listing = folder / "classes.txt"
    return [line.text.strip() for line in read_lines(listing)] if listing.is_file() else []
