"""The same picture on both sides of a split, found by its pixels whatever its file is called, and reported."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

_NAMED = 5


def pixel_hash(image: NDArray[np.uint8]) -> str:
    """A digest of a picture's size and pixels: equal for equal pictures."""
    return hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).hexdigest()


def pixel_hashes(images: Iterable[NDArray[np.uint8]]) -> list[str]:
    """The digest of each picture."""
    return [pixel_hash(image) for image in images]


def without_duplicates(
    source: str, train: Sequence[tuple[str, object]], held_out: Sequence[tuple[str, object]]
) -> NDArray[np.bool_]:
    """``(n,)``: which of the ``n`` pictures to train on don't stand in ``held_out`` too; the others are reported.

    A picture is its :func:`pixel_hash` and what it is called in the report; ``source`` names the data set there.
    """
    judged = dict(held_out)
    kept = np.array([digest not in judged for digest, _ in train], bool)
    twice = [picture for picture, alone in zip(train, kept, strict=True) if not alone]
    for digest, name in twice[:_NAMED]:
        log.warning("%s: %s shows the same picture as %s, which validates", source, name, judged[digest])
    if twice:
        log.warning("%s: dropped %d training pictures that stand on both sides of the split", source, len(twice))
    return kept
