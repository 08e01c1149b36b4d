"""A person's own pictures in a folder of classes: ``<label>/<session>/<picture>``, or ``<label>/<session>_<number>``.

A session is a person or a recording; pictures of one session resemble each other, so all of them train or all of them
validate.  With ``train/<label>`` and ``validation/<label>`` (or ``val``, ``test``) the owner decides instead.  A
picture shows what the device would cut out: the hand, face or eye, with no more around it than a detector's box has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages, load_class_folder
from convert.data.errors import DataError
from convert.data.groups import GROUPS, SplitRule
from convert.data.pictures import read_image
from convert.data.splits import Parts, disjoint, split_images
from edge.values import Box
from edge.vision.crops import Colour, to_colour, upright_crop

TRAIN_FOLDER = "train"
VALIDATION_FOLDERS = ("validation", "val", "test")

HELD_OUT_SHARE = 0.2

_NUMBER = re.compile(r"[-_. ]?\d+$")


def load(
    folder: Path,
    labels: Sequence[str],
    size: int,
    colour: Colour,
    share: float = HELD_OUT_SHARE,
    rule: SplitRule = GROUPS,
    seed: int = 0,
) -> Parts:
    """``(train, validation)`` of crops ``(n, size, size, c)``, less training pictures that validate too.

    ``share`` of the sessions is held out, one at least; ``rule`` may ask for a random split of pictures by name.

    Raises:
        DataError: another layout, an empty or unknown class, one session only, or too many damaged pictures.
    """
    if (folder / TRAIN_FOLDER).is_dir():
        validation = _validation_folder(folder)
        parts = (_read(folder / TRAIN_FOLDER, labels, size, colour), _read(validation, labels, size, colour))
    else:
        parts = split_images(_read(folder, labels, size, colour), share, rule, seed)
    return disjoint(str(folder), parts)


def session_of(picture: Path) -> str:
    """The session of a picture whose path is relative to the folder of classes: its subfolder, or its name's beginning.

    >>> session_of(Path("palm/anna/17.jpg")), session_of(Path("fist/anna_0003.jpg"))
    ('anna', 'anna')
    """
    subfolders = picture.parts[1:-1]
    return "/".join(subfolders) if subfolders else _NUMBER.sub("", picture.stem) or "numbered pictures"


def _validation_folder(folder: Path) -> Path:
    found = [folder / name for name in VALIDATION_FOLDERS if (folder / name).is_dir()]
    if not found:
        raise DataError(f"{folder}: has {TRAIN_FOLDER}/, but none of {', '.join(VALIDATION_FOLDERS)} to validate on")
    return found[0]


def _read(folder: Path, labels: Sequence[str], size: int, colour: Colour) -> LabelledImages:
    def decode(file: Path) -> NDArray[np.uint8]:
        image = read_image(file)
        height, width = image.shape[:2]
        return to_colour(upright_crop(image, Box(0, 0, width, height).square(), size), colour)

    return load_class_folder(folder, labels, decode, session_of)
