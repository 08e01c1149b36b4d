"""Pascal VOC boxes (Everingham et al., 2010): ``Annotations/NAME.xml`` of the photo ``JPEGImages/NAME.jpg``.

``ImageSets/Main/train.txt`` and ``val.txt`` name the owner's split.  Corners count pixels from 1 and are inside the
box.  Objects marked difficult are unsure regions.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from convert.data.errors import DamagedError, DataError
from convert.data.faults import POLICY
from convert.data.groups import photo_group
from convert.data.lists import read_lines, require_file
from convert.data.scenes import Floats, Scene

CORNERS = ("xmin", "ymin", "xmax", "ymax")


def voc(folder: Path, labels: Collection[str] | None = None) -> list[Scene]:
    """The photos of ``folder`` with their objects; only those named in ``labels``, if given.

    Raises:
        DataError: no annotation, or too many damaged ones or missing photos.
    """
    files = sorted((folder / "Annotations").glob("*.xml"))
    if not files:
        raise DataError(f"{folder}: expected Pascal VOC's Annotations/*.xml, found none; unpack the data set there")
    training, validating = _names(folder, "train"), _names(folder, "val")

    def scene(file: Path) -> Scene:
        held_back = file.stem in validating if file.stem in training | validating else None
        return _scene(file, folder / "JPEGImages", labels, held_back)

    return list(POLICY.sift(str(folder), files, scene))


def _scene(file: Path, photos: Path, labels: Collection[str] | None, held_back: bool | None) -> Scene:
    try:
        annotation = ElementTree.parse(file).getroot()
    except (ElementTree.ParseError, OSError) as error:
        raise DamagedError(f"{file}: expected Pascal VOC's XML; {error}") from error
    photo = require_file(photos / (annotation.findtext("filename") or f"{file.stem}.jpg"), file)
    objects = [found for found in annotation.iter("object") if labels is None or found.findtext("name") in labels]
    boxes = np.array([_box(file, found) for found in objects], np.float32).reshape(-1, 4)
    difficult = np.array([found.findtext("difficult", "0").strip() == "1" for found in objects], bool)
    return Scene(
        photo,
        photo_group(photo),
        boxes=boxes[~difficult],
        unsure=boxes[difficult],
        complete=True,
        held_back=held_back,
    )


def _box(file: Path, found: ElementTree.Element) -> Floats:
    try:
        x1, y1, x2, y2 = (float(found.findtext(f"bndbox/{corner}", "")) for corner in CORNERS)
    except ValueError as error:
        raise DamagedError(f"{file}: expected bndbox with {', '.join(CORNERS)} in each object; {error}") from error
    if x2 < x1 or y2 < y1:
        raise DamagedError(f"{file}: a box must end after it begins, received {x1:g} {y1:g} {x2:g} {y2:g}")
    return np.array([x1 - 1, y1 - 1, x2, y2], np.float32)


def _names(folder: Path, part: str) -> set[str]:
    listing = folder / "ImageSets" / "Main" / f"{part}.txt"
    return {line.text.split()[0] for line in read_lines(listing)} if listing.is_file() else set()
