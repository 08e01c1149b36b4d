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
from convert.data.joints import hand_mask
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


RIM = 0.008
"""So much of a picture's longer side is taken off around what a mask cuts out: it shows the studio's background too."""

HAND_SOURCES: dict[Source, float] = {hagrid_crops: 1, sign_digits: 1, massey: 0.7, oxford_hands: 0.8, renders: 1}
"""Sources of pasted hands, and the share of each that is used."""

FACES, PATCHES, FACE_PHOTOS = 1200, 1000, 500
"""Pasted faces and background patches, and photos of people that things are pasted into."""


PATCH_SIZES = (0.8, 2.2)
"""Half axes of a plain patch, in longer sides of what stands before it."""

PATCH_CAST = 35.0
"""Standard deviation of a patch's colours around its grey, in levels: few clothes are of a pure colour."""

PATCH_LIKE = 25.0
"""Standard deviation, in levels, by which a patch of a thing's own colour differs from that."""


@dataclass(frozen=True)
class Pasting:
    """How things are pasted, as shares of them.

    ``turned``: by a quarter or a half, as nearly all photos show hands that point upwards.  ``cut_out``: of the hands
    whose joints a teacher found, those cut out by them; the others keep what stands around them, fading into the
    photo.  ``plain``: before a plain patch, as before clothes or a wall, half of these of nearly the thing's colour.
    """

    turned: float = 0.0
    cut_out: float = 0.0
    plain: float = 0.0


AS_THEY_ARE = Pasting()


@dataclass(frozen=True)
class _Thing:
    """``colour`` ``(h, w, 3)`` and ``alpha`` ``(h, w)`` 0 to 1, float32, and the ``box`` of what they show."""

    colour: NDArray[np.float32]
    alpha: NDArray[np.float32]
    box: Box

    def scaled(self, scale: float) -> _Thing:
        """Its picture enlarged by ``scale``."""
        height, width = self.alpha.shape
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        colour, alpha = (cv2.resize(part, size, interpolation=method) for part in (self.colour, self.alpha))
        box = Box(*(edge * scale for edge in (self.box.x1, self.box.y1, self.box.x2, self.box.y2)))
        return _Thing(np.asarray(colour, np.float32), np.asarray(alpha, np.float32), box)

    def turned(self, quarters: int) -> _Thing:
        """It after ``quarters`` of a turn, counter-clockwise."""
        colour, alpha, box = self.colour, self.alpha, self.box
        for _ in range(quarters):
            width = alpha.shape[1]
            colour, alpha = np.rot90(colour), np.rot90(alpha)
            box = Box(box.y1, width - box.x2, box.y2, width - box.x1)
        return _Thing(colour, alpha, box)


@dataclass(frozen=True)
class _Placed:
    """A thing whose top left corner lies at ``left, top``."""

    thing: _Thing
    left: int
    top: int

    @property
    def edges(self) -> tuple[float, ...]:
        """Of its box."""
        box = self.thing.box
        return (self.left + box.x1, self.top + box.y1, self.left + box.x2, self.top + box.y2)

    def paste(self, image: NDArray[np.float32]) -> None:
        """Into ``image`` in place."""
        height, width = self.thing.alpha.shape
        target = image[self.top : self.top + height, self.left : self.left + width]
        target += (self.thing.colour - target) * self.thing.alpha[..., None]


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
    pasting: Pasting = AS_THEY_ARE,
) -> Pasted:
    """Paste ``hands`` and ``others``, six at most together, into a ``photo``."""
    image = cv2.resize(photo, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    cells = rng.permutation(ACROSS * DOWN)
    samples = [*hands, *others]
    placed = [_place(sample, int(cell), rng, pasting) for cell, sample in zip(cells, samples, strict=False)]
    for each in placed:
        if pasting.plain and rng.random() < pasting.plain:
            _draw_patch(image, each, rng)
    for each in placed:
        each.paste(image)
    boxes = [each.edges for each in placed[: len(hands)]]
    return Pasted(image.round().astype(np.uint8), np.array(boxes, np.float32).reshape(-1, 4))


def make_hand_composites(
    data: Path, folder: Path, held_back: float, rng: np.random.Generator, pasting: Pasting = AS_THEY_ARE
) -> None:
    """Write composites of all hand sources under ``data`` to ``folder``, less the people ``held_back``."""
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
    write_composites(hands, others, list(photos), folder, rng, pasting)


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
    pasting: Pasting = AS_THEY_ARE,
) -> None:
    """Write photos with four ``hands`` and two ``others`` each to ``folder``, and last of all their ``boxes.csv``.

    Raises:
        DataError: a picture or the table can't be written.
    """
    rows: list[dict[str, object]] = []
    for index, batch in enumerate(_batches(hands, 4, rng)):
        decoys = [others[i] for i in rng.integers(len(others), size=2)]
        pasted = compose(batch, decoys, photos[int(rng.integers(len(photos)))], rng, pasting)
        name = f"images/{index:05}.jpg"
        write_whole(folder / name, cv2.imencode(".jpg", pasted.image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
        edges = ([round(float(edge), 1) for edge in box] for box in pasted.boxes)
        rows += [dict(zip(COLUMNS, (name, "hand", "composites", *box), strict=True)) for box in edges]
    write_table(folder / TABLE, COLUMNS, rows)


def _batches(hands: Sequence[HandSample], size: int, rng: np.random.Generator) -> Iterator[list[HandSample]]:
    order = rng.permutation(len(hands))
    for start in range(0, len(order), size):
        yield [hands[i] for i in order[start : start + size]]


def _place(sample: HandSample, cell: int, rng: np.random.Generator, pasting: Pasting) -> _Placed:
    """A sample's picture of a random size somewhere in a cell of the grid."""
    quarters = int(rng.integers(1, 4)) if pasting.turned and rng.random() < pasting.turned else 0
    thing = _cut_out(sample, rng, pasting.cut_out).turned(quarters)
    cell_width, cell_height = WIDTH // ACROSS, HEIGHT // DOWN
    wanted = np.exp(rng.uniform(np.log(SHORTEST_PX), np.log(LONGEST_PX)))
    height, width = thing.alpha.shape
    scale = min(wanted / max(thing.box.width, thing.box.height), cell_width / width, cell_height / height)
    thing = thing.scaled(scale)
    height, width = thing.alpha.shape
    left = cell % ACROSS * cell_width + int(rng.integers(cell_width - width + 1))
    top = cell // ACROSS * cell_height + int(rng.integers(cell_height - height + 1))
    return _Placed(thing, left, top)


def _draw_patch(image: NDArray[np.float32], placed: _Placed, rng: np.random.Generator) -> None:
    """Draw a shaded ellipse of one colour into ``image`` behind what is ``placed``, in place."""
    thing, (x1, y1, x2, y2) = placed.thing, placed.edges
    side = max(x2 - x1, y2 - y1)
    colour = rng.uniform(0, 255) + rng.normal(0, PATCH_CAST, 3)
    if rng.random() < 0.5:
        colour = np.average(thing.colour.reshape(-1, 3), axis=0, weights=thing.alpha.reshape(-1) + 1e-6)
        colour += rng.normal(0, PATCH_LIKE, 3)
    axes = rng.uniform(*PATCH_SIZES, 2) * side
    centre = np.array([x1 + x2, y1 + y2]) / 2 + rng.uniform(-0.4, 0.4, 2) * side
    cover = np.zeros(image.shape[:2], np.uint8)
    middle = (float(centre[0]), float(centre[1]))
    cv2.ellipse(cover, (middle, (float(2 * axes[0]), float(2 * axes[1])), rng.uniform(0, 180)), 255, -1, cv2.LINE_AA)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    slope = rng.normal(0, 20, 2) / side
    shade = (columns - middle[0]) * slope[0] + (rows - middle[1]) * slope[1]
    grain = rng.normal(0, rng.uniform(0, 6), image.shape[:2])
    patch = np.clip(colour + (shade + grain)[..., None], 0, 255)
    image += (patch - image) * (cv2.blur(cover, (3, 3)).astype(np.float32) / 255)[..., None]


def _cut_out(sample: HandSample, rng: np.random.Generator, by_joints: float) -> _Thing:
    mask = sample.mask
    if mask is None and sample.joints is not None and by_joints and rng.random() < by_joints:
        mask = hand_mask(sample.image, sample.joints)
    if mask is not None:
        reach = 2 * max(round(RIM * max(mask.shape)), 1) + 1
        inside = cv2.erode(mask, np.ones((reach, reach)), borderType=cv2.BORDER_REPLICATE)
        alpha = cv2.blur(inside, (3, 3)).astype(np.float32) / 255
        return _Thing(sample.image.astype(np.float32), alpha, sample.box)
    crop = sample.image[int(sample.box.y1) : int(sample.box.y2), int(sample.box.x1) : int(sample.box.x2)]
    height, width = crop.shape[:2]
    across, along = max(round(width * FADE), 1), max(round(height * FADE), 1)
    colour = cv2.copyMakeBorder(crop, along, along, across, across, cv2.BORDER_REFLECT)
    alpha = np.minimum(_fade(height, along)[:, None], _fade(width, across)[None])
    return _Thing(colour.astype(np.float32), alpha, Box(across, along, across + width, along + height))


def _fade(length: int, margin: int) -> NDArray[np.float32]:
    """Rise from 0 to 1 over ``margin``, stay for ``length``, and fall again."""
    ramp = (np.arange(margin, dtype=np.float32) + 0.5) / margin
    return np.concatenate([ramp, np.ones(length, np.float32), ramp[::-1]])
