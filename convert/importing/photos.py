"""The pictures on which a network's ranges are measured, from a folder that a person names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data.errors import DataError
from convert.data.faults import POLICY
from convert.data.pictures import all_image_files, read_image
from edge.values import Box, Image
from edge.vision.crops import Colour, to_colour, upright_crop

MAX_PHOTOS = 200
MAX_CROPS = 640

MIN_CROPS = 20
"""Fewer say little about the ranges that a network's activations reach."""


def read_photos(folder: Path) -> Iterator[Image]:
    """At most :data:`MAX_PHOTOS` of the pictures beneath ``folder``, evenly spread by path, as BGR.

    Raises:
        DataError: no such folder, no picture in it, or more than one in a hundred damaged.
    """
    return POLICY.sift(str(folder), _spread(all_image_files(folder), MAX_PHOTOS), read_image)


def read_crops(folder: Path, size: int, colour: Colour) -> NDArray[np.uint8]:
    """At most :data:`MAX_CROPS` of the pictures beneath ``folder`` as a network takes them, ``(n, size, size, c)``.

    A picture that isn't square is shown whole, its border repeated, as ``vigil-convert evaluate`` does.

    Raises:
        DataError: as for :func:`read_photos`; too few, or all of one shade.
    """
    files = _spread(all_image_files(folder), MAX_CROPS)
    crops = [to_colour(_square(image, size), colour) for image in POLICY.sift(str(folder), files, read_image)]
    if len(crops) < MIN_CROPS:
        raise DataError(f"{folder}: calibration needs at least {MIN_CROPS} pictures, received {len(crops)}")
    pixels = np.stack(crops)
    if np.ptp(pixels) == 0:
        raise DataError(f"{folder}: every pixel of all {len(crops)} pictures is {pixels.flat[0]}; give real crops")
    return pixels


def _square(image: Image, size: int) -> Image:
    height, width = image.shape[:2]
    return upright_crop(image, Box(0, 0, width, height).square(), size)


def _spread(files: list[Path], most: int) -> list[Path]:
    return [files[index] for index in np.linspace(0, len(files) - 1, min(most, len(files))).astype(int)]
