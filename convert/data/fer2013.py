"""FER2013 (Goodfellow et al., 2013): 48×48 grey faces as the owner's ``fer2013.csv`` or in Kaggle's folders.

The table has the columns ``emotion, pixels, Usage`` (Kaggle's ``icml_face_data.csv`` the same in another order), the
folders are ``train/<class>`` and ``test/<class>``.  PublicTest, Kaggle's ``test``, is what we validate on;
PrivateTest is left alone.  Images are scraped from the web: some stand in both splits, some twice with different
labels, some are blank.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages, load_class_folder
from convert.data.duplicates import pixel_hashes
from convert.data.errors import DamagedError, DataError
from convert.data.faults import POLICY
from convert.data.pictures import read_image
from convert.data.tables import Row, read_rows

log = logging.getLogger(__name__)

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""In the order of the table's numbers 0 to 6."""

TABLES = ("fer2013.csv", "icml_face_data.csv")
TRAINING, PUBLIC_TEST, PRIVATE_TEST = "Training", "PublicTest", "PrivateTest"

SIZE = 48
MIN_CONTRAST = 2.0
"""A picture whose standard deviation is below this, in grey levels, shows nothing."""


def load(data: Path) -> tuple[LabelledImages, LabelledImages]:
    """``(train, validation)`` of ``(n, 48, 48, 1)`` from ``data``, which holds FER2013 or the folder ``fer2013``.

    Blank pictures are dropped from both; from ``train`` also what stands in ``validation`` and what carries two labels.

    Raises:
        DataError: not FER2013's layout, or too many damaged pictures.
    """
    folder = data / "fer2013" if (data / "fer2013").is_dir() else data
    table = find_table(folder)
    if table is None:
        train, validation = (load_class_folder(folder / name, LABELS, _decode) for name in ("train", "test"))
    else:
        rows = read_table(table)
        train, validation = (_of_table(table, rows, usage) for usage in (TRAINING, PUBLIC_TEST))
    train, validation = without_blanks(train), without_blanks(validation)
    return clean(train, validation), validation


@dataclass(frozen=True)
class Face:
    """A picture ``(48, 48, 1)`` of the table, an index into :data:`LABELS`, and the row's name."""

    image: NDArray[np.uint8]
    target: int
    name: str


def find_table(folder: Path) -> Path | None:
    """The table in ``folder``, if there is one."""
    return next((folder / name for name in TABLES if (folder / name).is_file()), None)


def read_table(table: Path) -> list[Row]:
    """The rows of ``fer2013.csv``, undecoded.

    Raises:
        DataError: it can't be read, or lacks a column.
    """
    return read_rows(table, ("emotion", "pixels", "Usage"))


def decode_pixels(row: Row) -> NDArray[np.uint8]:
    """The picture of a row, ``(48, 48, 1)``.

    Raises:
        DamagedError: not 48×48 whole numbers from 0 to 255.
    """
    try:
        pixels = np.frombuffer(bytes(map(int, row["pixels"].split())), np.uint8)
    except ValueError as error:
        raise DamagedError(f"{row}: expected pixels from 0 to 255; {error}") from error
    if pixels.size != SIZE * SIZE:
        raise DamagedError(f"{row}: expected {SIZE}×{SIZE} pixels, received {pixels.size}")
    return pixels.reshape(SIZE, SIZE, 1)


def labelled(faces: list[Face]) -> LabelledImages:
    """``faces`` as one array; each is its own group, for nothing tells who is in it."""
    return LabelledImages(
        LABELS,
        np.array([face.image for face in faces], np.uint8).reshape(-1, SIZE, SIZE, 1),
        np.array([face.target for face in faces], np.int64),
        np.array([face.name for face in faces], np.str_),
        np.full(len(faces), "fer2013"),
    )


def without_blanks(images: LabelledImages) -> LabelledImages:
    """``images`` less those that show nothing, which are counted in the log."""
    seen = images.images.reshape(len(images), -1).std(axis=1) >= MIN_CONTRAST
    if not seen.all():
        log.info("FER2013: dropped %d blank pictures", np.count_nonzero(~seen))
    return images.take(seen)


def clean(train: LabelledImages, validation: LabelledImages) -> LabelledImages:
    """``train`` less the pictures of ``validation`` and less those with two labels; one of each duplicate.

    All are counted in the log.
    """
    held_out = set(pixel_hashes(validation.images))
    hashes = pixel_hashes(train.images)
    labels_of: dict[str, set[int]] = {}
    for digest, target in zip(hashes, train.targets.tolist(), strict=True):
        labels_of.setdefault(digest, set()).add(target)
    validates = np.array([digest in held_out for digest in hashes], bool)
    ambiguous = np.array([len(labels_of[digest]) > 1 for digest in hashes], bool) & ~validates
    first = np.zeros(len(hashes), bool)
    first[np.unique(hashes, return_index=True)[1]] = True
    repeated = ~first & ~validates & ~ambiguous
    log.info(
        "FER2013: dropped %d training pictures that validate too, %d with two labels, %d that stand there twice",
        np.count_nonzero(validates),
        np.count_nonzero(ambiguous),
        np.count_nonzero(repeated),
    )
    return train.take(~validates & ~ambiguous & ~repeated)


def _of_table(table: Path, rows: list[Row], usage: str) -> LabelledImages:
    used = [row for row in rows if row["Usage"] == usage]
    if not used:
        raise DataError(f"{table}: expected rows whose Usage is {usage}, found none; unpack FER2013 again")
    return labelled(list(POLICY.sift(f"{table} ({usage})", used, _face)))


def _face(row: Row) -> Face:
    return Face(decode_pixels(row), _target(row), str(row))


def _target(row: Row) -> int:
    number = row["emotion"]
    if number not in {str(target) for target in range(len(LABELS))}:
        raise DamagedError(f"{row}: expected an emotion from 0 to {len(LABELS) - 1}, received {number!r}")
    return int(number)


def _decode(file: Path) -> NDArray[np.uint8]:
    image = read_image(file, cv2.IMREAD_GRAYSCALE)
    if image.shape != (SIZE, SIZE):
        raise DamagedError(f"{file}: FER2013's pictures are {SIZE}×{SIZE}, received {image.shape[1]}×{image.shape[0]}")
    return image[..., None]
