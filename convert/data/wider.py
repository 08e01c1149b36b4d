"""WIDER FACE (Yang et al., 2016): faces of every size in 61 kinds of events, with six attributes each.

``wider_face_split/wider_face_train_bbx_gt.txt`` beside ``WIDER_train/images``, and the same for ``val``: a photo's
path, its number of faces, and that many lines ``x y w h blur expression illumination invalid occlusion pose``.  A
photo without faces has the number 0 and still one line, of zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert.data.errors import DamagedError, DataError
from convert.data.faults import POLICY
from convert.data.groups import photo_group
from convert.data.lists import Line, read_lines, require_file
from convert.data.scenes import Floats, Scene

LISTS_FOLDER = "wider_face_split"
PARTS = ("train", "val")

SMALLEST_PX = 10
"""A face whose longer side is below this is no example of one; it is marked as unsure."""

_FORM = "x y w h blur expression illumination invalid occlusion pose"


@dataclass(frozen=True)
class WiderFace:
    """``box`` ``(4,)`` float32 x1, y1, x2, y2 in pixels, and the attributes in the owner's numbers.

    ``blur`` and ``occlusion``: 0 none, 1 some, 2 heavy; ``expression`` and ``illumination``: 1 extreme; ``pose``:
    1 atypical; ``invalid``: the owner ignores it in training and in judging.
    """

    box: Floats
    blur: int
    expression: int
    illumination: int
    invalid: bool
    occlusion: int
    pose: int

    @property
    def usable(self) -> bool:
        """Whether it may be learnt and judged: valid and large enough."""
        x1, y1, x2, y2 = self.box.tolist()
        return not self.invalid and min(x2 - x1, y2 - y1) > 0 and max(x2 - x1, y2 - y1) >= SMALLEST_PX


@dataclass(frozen=True)
class WiderPhoto:
    """A photo's ``path`` and all its ``faces``."""

    path: Path
    faces: tuple[WiderFace, ...]


def wider(folder: Path) -> list[Scene]:
    """The photos of every list in ``folder``; the owner's ``val`` is held back.

    Faces that are invalid, or too small to tell, are unsure regions.

    Raises:
        DataError: no list, or too many damaged records or missing photos.
    """
    scenes = []
    for part in PARTS:
        listing = folder / LISTS_FOLDER / f"wider_face_{part}_bbx_gt.txt"
        if listing.is_file():
            photos = read_photos(listing, folder / f"WIDER_{part}" / "images")
            scenes += [_scene(photo, held_back=part == "val") for photo in photos]
    if not scenes:
        raise DataError(
            f"{folder}: expected WIDER FACE's {LISTS_FOLDER}/wider_face_train_bbx_gt.txt and WIDER_train/images; "
            "unpack both archives there"
        )
    return scenes


def read_photos(listing: Path, images: Path) -> list[WiderPhoto]:
    """The records of one list, whose photos lie in the folder ``images``.

    Raises:
        DataError: the list can't be read, or too many records are damaged or name missing photos.
    """
    records = list(_records(read_lines(listing)))
    return list(POLICY.sift(str(listing), records, lambda record: _photo(record, images)))


def _records(lines: list[Line]) -> Iterator[list[Line]]:
    """The lines of each photo: only a photo's own line has a slash or a picture's suffix."""
    record: list[Line] = []
    for line in lines:
        if Path(line.text.strip()).suffix.lower() in (".jpg", ".jpeg", ".png"):
            if record:
                yield record
            record = []
        record.append(line)
    if record:
        yield record


def _photo(record: list[Line], images: Path) -> WiderPhoto:
    name, *rest = record
    if not rest or not rest[0].text.strip().isdecimal():
        raise DamagedError(f"{name}: expected a photo's path and then its number of faces")
    number, faces = int(rest[0].text), rest[1:]
    if number == 0 and all(set(face.text.split()) == {"0"} for face in faces):
        faces = []
    if len(faces) != number:
        raise DamagedError(f"{rest[0]}: expected {number} lines of faces, received {len(faces)}")
    return WiderPhoto(require_file(images / name.text.strip(), name), tuple(_face(line) for line in faces))


def _face(line: Line) -> WiderFace:
    x, y, width, height, *attributes = line.floats(line.fields(10, _FORM), _FORM)
    blur, expression, illumination, invalid, occlusion, pose = map(int, attributes)
    box = np.array([x, y, x + width, y + height], np.float32)
    return WiderFace(box, blur, expression, illumination, bool(invalid), occlusion, pose)


def _scene(photo: WiderPhoto, held_back: bool) -> Scene:
    usable = np.array([face.usable for face in photo.faces], bool)
    boxes = np.array([face.box for face in photo.faces], np.float32).reshape(-1, 4)
    return Scene(
        photo.path,
        photo_group(photo.path),
        boxes=boxes[usable],
        unsure=boxes[~usable],
        complete=True,
        held_back=held_back,
    )
