"""Gestures: hands from all sources on canvases for training, and as the device crops them for validation."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.data.duplicates import pixel_hash, without_duplicates
from convert.data.gesture_sources import TRAINING_SOURCES, HandSample
from convert.data.groups import is_held_out
from convert.data.joints import hand_mask
from edge.values import Box, Image
from edge.vision.crops import HAND_MARGIN, Colour, hand_crop, to_colour, upright_crop

LABELS = ("palm", "fist", "point", "peace", "ok", "thumb_up", "thumb_down", "none")

CANVAS = 112
"""Side of a training canvas in pixels."""

CANVAS_MARGIN = 1.75
"""Side of a training canvas in longer sides of the hand's box: room to move, turn and zoom the crop."""

COVERAGE = HAND_MARGIN / CANVAS_MARGIN
"""The share of a canvas that the device's crop shows."""

HELD_OUT_SHARE = 0.1
HELD_OUT_SHARES = {"hagrid_frames": 0.5}
"""By source, where it isn't :data:`HELD_OUT_SHARE`: HaGRID's photos with boxes show best what a device sees."""

HELD_OUT_GROUPS = {
    "massey": frozenset({"massey/hand5"}),
    "eduart": frozenset({"eduart/frame"}),
    "subhih": frozenset({"subhih/55", "subhih/996", "subhih/96", "subhih/16"}),
    "renders": frozenset[str](),
}
"""By source, the groups held out by name where there are too few to hold out a share of them; renders judge nothing."""

BACKGROUND_SOURCES = ("oxford_others", "backgrounds")
BOX_JITTER = 0.06
"""A detector's box against the annotator's, in validation: shift and scale, as a share of the side."""


def load(data: Path, size: int, colour: Colour, seed: int) -> tuple[LabelledImages, LabelledImages]:
    """``(train, validation)`` from the folder with all data sets.

    ``train`` holds canvases ``(n, 112, 112, 4)`` RGBA whose alpha is 0 where a background may be put in;
    ``validation`` the device's crops ``(m, size, size, c)`` of people and sessions that ``train`` lacks.
    """
    rng = np.random.default_rng(seed)
    train: list[HandSample] = []
    held_out: list[HandSample] = []
    for source in TRAINING_SOURCES:
        for sample in source(data, rng):
            (held_out if judges(sample.source, sample.group) else train).append(sample)
    train = list(compress(train, without_duplicates("gesture", _pictures(train), _pictures(held_out))))
    return (
        _labelled(train, _canvases(train), (CANVAS, CANVAS, 4)),
        _labelled(
            held_out,
            (to_colour(hand_crop(sample.image, jittered(sample.box, rng), size), colour) for sample in held_out),
            (size, size, 1 if colour == "grey" else 3),
        ),
    )


def _canvases(samples: list[HandSample]) -> Iterator[NDArray[np.uint8]]:
    """The samples' canvases, by as many threads as there are cores: masks take a few milliseconds each."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(canvas, samples)


def canvas(sample: HandSample) -> NDArray[np.uint8]:
    """``(112, 112, 4)`` RGBA around the sample's hand; beyond the picture the border repeats and alpha is 0."""
    square = sample.box.square(CANVAS_MARGIN)
    height, width = sample.image.shape[:2]
    mask = np.full((height, width), 255, np.uint8) if sample.mask is None else sample.mask
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    moved = Box(square.x1 + 1, square.y1 + 1, square.x2 + 1, square.y2 + 1)
    colour, alpha = upright_crop(sample.image, square, CANVAS), upright_crop(framed, moved, CANVAS)
    if sample.joints is not None:
        joints = (sample.joints - np.array((square.x1, square.y1), np.float32)) * np.float32(CANVAS / square.width)
        alpha = np.minimum(alpha, hand_mask(colour, joints))
    return np.dstack([cv2.cvtColor(colour, cv2.COLOR_BGR2RGB), alpha])


def jittered(box: Box, rng: np.random.Generator) -> Box:
    """``box`` as a detector might give it."""
    side = max(box.width, box.height)
    x, y, scale = rng.uniform(-BOX_JITTER, BOX_JITTER, 3)
    center_x, center_y = box.center
    half_width, half_height = box.width * (1 + scale) / 2, box.height * (1 + scale) / 2
    center_x, center_y = center_x + x * side, center_y + y * side
    return Box(center_x - half_width, center_y - half_height, center_x + half_width, center_y + half_height)


def background_pool(train: LabelledImages) -> NDArray[np.uint8]:
    """``(n, 112, 112, 3)`` RGB: the canvases without hands, to put behind others."""
    return train.images[np.isin(train.sources, BACKGROUND_SOURCES), :, :, :3]


def _pictures(samples: Iterable[HandSample]) -> list[tuple[str, object]]:
    return [(pixel_hash(sample.image), sample.group) for sample in samples]


def judges(source: str, group: str) -> bool:
    """Whether the hands of ``group``, a person or session of ``source``, are held out of training."""
    if source in HELD_OUT_GROUPS:
        return group in HELD_OUT_GROUPS[source]
    return is_held_out(group, HELD_OUT_SHARES.get(source, HELD_OUT_SHARE))


def _labelled(samples: list[HandSample], crops: Iterable[Image], shape: tuple[int, int, int]) -> LabelledImages:
    images = np.empty((len(samples), *shape), np.uint8)
    for position, crop in enumerate(crops):
        images[position] = crop
    return LabelledImages(
        LABELS,
        images,
        np.array([LABELS.index(sample.label) for sample in samples], np.int64),
        np.array([sample.group for sample in samples]),
        np.array([sample.source for sample in samples]),
    )
