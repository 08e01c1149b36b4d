"""Photos with hands pasted in: windows on tight crops see what stands around a hand, and the seam tells nothing.

Crops of things that are no hands are pasted in the same way, so that a network can't take the seam for the hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.backgrounds import backgrounds as folder_of_backgrounds
from convert.data.boxes import COLUMNS, TABLE
from convert.data.faces import mtfl
from convert.data.faults import POLICY
from convert.data.gesture_sources import (
    HandSample,
    Source,
    backgrounds,
    hagrid_crops,
    massey,
    oxford_hands,
    oxford_others,
    renders,
    sign_digits,
)
from convert.data.groups import is_held_out
from convert.data.scenes import Scene, split
from convert.data.writing import write_table, write_whole
from edge.values import Box, Image

WIDTH, HEIGHT = 384, 288
ACROSS, DOWN = 3, 2
"""One pasted thing at most in each cell of this grid."""

SHORTEST_PX, LONGEST_PX = 36, 112
"""Longer side of a pasted hand."""

FADE = 0.2
"""A crop without a mask is continued by this share of its sides, fading into the photo."""


HAND_SOURCES: dict[Source, float] = {hagrid_crops: 1, sign_digits: 1, massey: 0.7, oxford_hands: 0.8, renders: 1}
"""Sources of pasted hands, and the share of each that is used."""

FACES, PATCHES, FACE_PHOTOS = 1200, 1000, 500
"""Pasted faces and background patches, and photos of people that things are pasted into."""


@dataclass(frozen=True)
class Pasted:
    """``image`` ``(HEIGHT, WIDTH, 3)`` uint8 BGR and the ``boxes`` ``(n, 4)`` of the hands in it."""

    image: Image
    boxes: NDArray[np.float32]


def compose(
    hands: Sequence[HandSample],
    others: Sequence[HandSample],
    photo: Image,
    rng: np.random.Generator,
    turned: float = 0.0,
) -> Pasted:
    """Paste ``hands`` and ``others``, six at most together, into a ``photo``.

    A share of ``turned`` of them is turned by a quarter or a half: nearly all photos show hands that point upwards.
    """
    image = cv2.resize(photo, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    cells = rng.permutation(ACROSS * DOWN)
    boxes: list[tuple[float, ...]] = []
    for cell, sample in zip(cells, [*hands, *others], strict=False):
        box = _paste(image, sample, int(cell), rng, turned)
        if len(boxes) < len(hands):
            boxes.append(box)
    return Pasted(image.round().astype(np.uint8), np.array(boxes, np.float32).reshape(-1, 4))


def make_hand_composites(
    data: Path, folder: Path, held_back: float, rng: np.random.Generator, turned: float = 0.0
) -> None:
    """Write composites of all hand sources under ``data`` to ``folder``, less the people ``held_back``.

    ``turned`` is that of :func:`compose`.
    """
    hands = [
        sample
        for source, share in HAND_SOURCES.items()
        for sample in source(data, rng)
        if not is_held_out(sample.group, held_back) and rng.random() < share
    ]
    people, _ = split(mtfl(data / "mtfl"), held_back)
    rng.shuffle(people)  # type: ignore[arg-type]
    patches = [sample for sample in backgrounds(data, rng) if not is_held_out(sample.group, held_back)][:PATCHES]
    others = [*oxford_others(data, rng), *patches, *POLICY.sift("faces", people[:FACES], _face)]
    photos = POLICY.sift("photos", _photos_without_people(data, held_back) + people[-FACE_PHOTOS:], Scene.read)
    write_composites(hands, others, list(photos), folder, rng, turned)


def _photos_without_people(data: Path, held_back: float) -> list[Scene]:
    return split(folder_of_backgrounds(data / "bsds500_no_people"), held_back)[0]


def _face(scene: Scene) -> HandSample:
    image = scene.read()
    height, width = image.shape[:2]
    x1, y1, x2, y2 = np.clip(scene.boxes[0], 0, [width, height, width, height]).tolist()
    return HandSample(image, Box(x1, y1, x2, y2), "none", scene.group, "faces")


def write_composites(
    hands: Sequence[HandSample],
    others: Sequence[HandSample],
    photos: Sequence[Image],
    folder: Path,
    rng: np.random.Generator,
    turned: float = 0.0,
) -> None:
    """Write photos with four ``hands`` and two ``others`` each to ``folder``, and last of all their ``boxes.csv``.

    Raises:
        DataError: a picture or the table can't be written.
    """
    rows: list[dict[str, object]] = []
    for index, batch in enumerate(_batches(hands, 4, rng)):
        decoys = [others[i] for i in rng.integers(len(others), size=2)]
        pasted = compose(batch, decoys, photos[int(rng.integers(len(photos)))], rng, turned)
        name = f"images/{index:05}.jpg"
        write_whole(folder / name, cv2.imencode(".jpg", pasted.image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
        edges = ([round(float(edge), 1) for edge in box] for box in pasted.boxes)
        rows += [dict(zip(COLUMNS, (name, "hand", "composites", *box), strict=True)) for box in edges]
    write_table(folder / TABLE, COLUMNS, rows)


def _batches(hands: Sequence[HandSample], size: int, rng: np.random.Generator) -> Iterator[list[HandSample]]:
    order = rng.permutation(len(hands))
    for start in range(0, len(order), size):
        yield [hands[i] for i in order[start : start + size]]


def _paste(
    image: NDArray[np.float32], sample: HandSample, cell: int, rng: np.random.Generator, turned: float
) -> tuple[float, ...]:
    """Paste one sample into a cell of ``image`` in place, ``turned`` with that probability; give its box there."""
    quarters = int(rng.integers(1, 4)) if turned and rng.random() < turned else 0
    colour, alpha, box = _turn(*_cut_out(sample), quarters)
    cell_width, cell_height = WIDTH // ACROSS, HEIGHT // DOWN
    wanted = np.exp(rng.uniform(np.log(SHORTEST_PX), np.log(LONGEST_PX)))
    height, width = alpha.shape
    scale = min(wanted / max(box.width, box.height), cell_width / width, cell_height / height)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    colour, alpha = (cv2.resize(part, size, interpolation=method) for part in (colour, alpha))
    left = cell % ACROSS * cell_width + int(rng.integers(cell_width - size[0] + 1))
    top = cell // ACROSS * cell_height + int(rng.integers(cell_height - size[1] + 1))
    target = image[top : top + size[1], left : left + size[0]]
    target += (colour - target) * alpha[..., None]
    return (left + box.x1 * scale, top + box.y1 * scale, left + box.x2 * scale, top + box.y2 * scale)


def _cut_out(sample: HandSample) -> tuple[NDArray[np.float32], NDArray[np.float32], Box]:
    """Colour ``(h, w, 3)`` and alpha ``(h, w)`` 0 to 1, both float32, and the hand's box in them."""
    if sample.mask is not None:
        alpha = cv2.blur(sample.mask, (3, 3)).astype(np.float32) / 255
        return sample.image.astype(np.float32), alpha, sample.box
    crop = sample.image[int(sample.box.y1) : int(sample.box.y2), int(sample.box.x1) : int(sample.box.x2)]
    height, width = crop.shape[:2]
    across, along = max(round(width * FADE), 1), max(round(height * FADE), 1)
    colour = cv2.copyMakeBorder(crop, along, along, across, across, cv2.BORDER_REFLECT)
    alpha = np.minimum(_fade(height, along)[:, None], _fade(width, across)[None])
    return colour.astype(np.float32), alpha, Box(across, along, across + width, along + height)


def _turn(
    colour: NDArray[np.float32], alpha: NDArray[np.float32], box: Box, quarters: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], Box]:
    """``colour`` ``(h, w, 3)``, ``alpha`` ``(h, w)`` and ``box`` after ``quarters`` of a turn, counter-clockwise."""
    for _ in range(quarters):
        width = alpha.shape[1]
        colour, alpha = np.rot90(colour), np.rot90(alpha)
        box = Box(box.y1, width - box.x2, box.y2, width - box.x1)
    return colour, alpha, box


def _fade(length: int, margin: int) -> NDArray[np.float32]:
    """Rise from 0 to 1 over ``margin``, stay for ``length``, and fall again."""
    ramp = (np.arange(margin, dtype=np.float32) + 0.5) / margin
    return np.concatenate([ramp, np.ones(length, np.float32), ramp[::-1]])
