"""300-W's annotation (Sagonas et al., 2013): 68 points of one face in ``NAME.pts`` beside ``NAME.jpg`` or ``.png``."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from convert.data.errors import DamagedError, DataError
from convert.data.lists import read_text
from convert.data.scenes import Floats

POINTS = 68
_SUFFIXES = (".jpg", ".png", ".jpeg")
_BRACES = re.compile(r"\{(.*)\}", re.DOTALL)

_EYE_LEFT, _EYE_RIGHT, _NOSE_TIP, _MOUTH_LEFT, _MOUTH_RIGHT = slice(36, 42), slice(42, 48), 30, 48, 54
"""Indices of the 68 points, counted from 0; left and right as seen in the image."""


def pts_files(folder: Path) -> list[Path]:
    """Every ``.pts`` file in ``folder`` and its subfolders, by path.

    Raises:
        DataError: there is none.
    """
    files = sorted(folder.rglob("*.pts"))
    if not files:
        raise DataError(f"{folder}: expected 300-W's NAME.pts files, found none; unpack the data set there")
    return files


def read_points(file: Path) -> Floats:
    """The 68 points ``(68, 2)`` float32 x, y in pixels; the file counts pixels from 1, these from 0.

    Raises:
        DamagedError: it doesn't hold 68 points.
    """
    body = _BRACES.search(read_text(file))
    fields = body[1].split() if body else []
    try:
        points = np.array(fields, np.float32)
    except ValueError as error:
        raise DamagedError(f"{file}: expected {POINTS} points between braces; {error}") from error
    if points.size != 2 * POINTS or not np.isfinite(points).all():
        raise DamagedError(f"{file}: expected {POINTS} points between braces; received {points.size} numbers")
    return points.reshape(POINTS, 2) - 1


def five_of(points: Floats) -> Floats:
    """The cascade's five points ``(5, 2)`` of the 68: an eye is the mean of its six."""
    eyes = [points[_EYE_LEFT].mean(0), points[_EYE_RIGHT].mean(0)]
    return np.stack([*eyes, *points[[_NOSE_TIP, _MOUTH_LEFT, _MOUTH_RIGHT]]])


def picture_of(file: Path) -> Path:
    """The picture beside a ``.pts`` file.

    Raises:
        DamagedError: there is none.
    """
    for suffix in _SUFFIXES:
        if (picture := file.with_suffix(suffix)).is_file():
            return picture
    raise DamagedError(f"{file}: expected its picture beside it ({', '.join(_SUFFIXES)}); unpack the data set again")
