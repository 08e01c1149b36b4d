"""FER2013 (Goodfellow et al., 2013): 48×48 grey faces in Kaggle's folders ``train/<class>`` and ``test/<class>``.

``test`` is the PublicTest split, which is what we validate on.  Images are scraped from the web: some stand in
both splits, some twice with different labels, some are blank.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages, load_class_folder
from convert.data.errors import DataError
from convert.data.pictures import read_image

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SIZE = 48
MIN_CONTRAST = 2.0
"""A picture whose standard deviation is below this, in grey levels, shows nothing."""


def load(data: Path) -> tuple[LabelledImages, LabelledImages]:
    """``(train, validation)`` from ``data``, the folder that holds ``train`` and ``test`` (or ``fer2013``).

    Blank pictures are dropped from both; from ``train`` also what stands in ``test`` and what carries two labels.

    Raises:
        DataError: not FER2013's layout.
    """
    folder = data / "fer2013" if (data / "fer2013").is_dir() else data
    train, validation = (_load_split(folder / name) for name in ("train", "test"))
    return clean(train, validation), validation


def clean(train: LabelledImages, validation: LabelledImages) -> LabelledImages:
    """``train`` less the pictures of ``validation`` and less those with two labels; one of each duplicate."""
    held_out = set(pixel_hashes(validation.images))
    labels_of: dict[str, set[int]] = {}
    hashes = pixel_hashes(train.images)
    for digest, target in zip(hashes, train.targets.tolist(), strict=True):
        labels_of.setdefault(digest, set()).add(target)
    seen: set[str] = set()
    keep = []
    for position, digest in enumerate(hashes):
        if digest not in held_out and digest not in seen and len(labels_of[digest]) == 1:
            keep.append(position)
        seen.add(digest)
    return train.take(np.array(keep, np.int64))


def pixel_hashes(images: NDArray[np.uint8]) -> list[str]:
    """A digest of each picture's pixels: equal for equal pictures, whatever their file names."""
    return [hashlib.sha256(image.tobytes()).hexdigest() for image in images]


def _load_split(folder: Path) -> LabelledImages:
    split = load_class_folder(folder, LABELS, _decode)
    contrast = split.images.reshape(len(split), -1).std(axis=1)
    return split.take(contrast >= MIN_CONTRAST)


def _decode(file: Path) -> NDArray[np.uint8]:
    image = read_image(file, cv2.IMREAD_GRAYSCALE)
    if image.shape != (SIZE, SIZE):
        raise DataError(f"{file}: FER2013's pictures are {SIZE}×{SIZE}, received {image.shape[1]}×{image.shape[0]}")
    return image[..., None]
