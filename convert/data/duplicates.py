"""The same picture on both sides of a split, found by its pixels whatever its file is called, and reported."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

Sample = TypeVar("Sample")

_NAMED = 5


def pixel_hash(image: NDArray[np.uint8]) -> str:
    """A digest of a picture's size and pixels: equal for equal pictures."""
    return hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).hexdigest()


def pixel_hashes(images: Iterable[NDArray[np.uint8]]) -> list[str]:
    """The digest of each picture."""
    return [pixel_hash(image) for image in images]


def without_duplicates(
    source: str,
    train: Sequence[Sample],
    held_out: Sequence[Sample],
    digest: Callable[[Sample], str],
    name: Callable[[Sample], object],
) -> list[Sample]:
    """``train`` less the samples whose pictures stand in ``held_out`` too, which are reported.

    ``digest`` is a sample's :func:`pixel_hash`; ``source`` and ``name`` say in the report what it is.
    """
    seen = {digest(sample): sample for sample in held_out}
    digests = [digest(sample) for sample in train]
    twice = [(sample, seen[key]) for sample, key in zip(train, digests, strict=True) if key in seen]
    for sample, other in twice[:_NAMED]:
        log.warning("%s: %s shows the same picture as %s, which validates", source, name(sample), name(other))
    if twice:
        log.warning("%s: dropped %d training pictures that stand on both sides of the split", source, len(twice))
    return [sample for sample, key in zip(train, digests, strict=True) if key not in seen]
