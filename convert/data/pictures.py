"""Picture files: which there are in a folder, and their pixels."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.errors import DamagedError, DataError
from edge.camera.images import find_fault

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".webp"})


def read_image(file: Path, flags: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    """The picture in ``file``, ``(height, width, 3)`` uint8 BGR unless ``flags`` say otherwise.

    Raises:
        DamagedError: the file is missing, cut off, damaged or no picture.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DamagedError(f"{file}: can't read this picture ({error.strerror}); unpack the data set again") from error
    if fault := find_fault(data):
        raise DamagedError(f"{file}: damaged picture: {fault}; remove it, or unpack the data set again")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    if image is None:
        raise DamagedError(f"{file}: not a readable picture; remove it, or unpack the data set again")
    return np.asarray(image, np.uint8)


def images_below(folder: Path) -> list[Path]:
    """The pictures in ``folder`` and its subfolders, by path; there may be none.

    Raises:
        DataError: no such folder.
    """
    return _sorted(_folder(folder).rglob("*"))


def image_files(folder: Path) -> list[Path]:
    """The pictures directly in ``folder``, by name.

    Raises:
        DataError: no such folder.
    """
    return _sorted(_folder(folder).iterdir())


def all_image_files(folder: Path) -> list[Path]:
    """The pictures in ``folder`` and its subfolders, by path.

    Raises:
        DataError: no such folder, or no picture in it.
    """
    files = images_below(folder)
    if not files:
        raise DataError(
            f"{folder}: expected pictures ({', '.join(sorted(IMAGE_SUFFIXES))}), found none; unpack them here"
        )
    return files


def _folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; unpack the data set there")
    return folder


def _sorted(entries: Iterable[Path]) -> list[Path]:
    return sorted(entry for entry in entries if entry.suffix.lower() in IMAGE_SUFFIXES and entry.is_file())
