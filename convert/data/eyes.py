"""Open and closed eyes: CEW patches, close-ups, and photos whose lids a teacher has measured.

In CEW open eyes come from LFW and closed ones from the web, so a network can learn the source instead of the lid.
Two things work against that: photos give open *and* closed eyes of the same origin, and each class is drawn from
every source in like shares (``sampling.source_weights`` of the recipe).

The teacher can't tell a narrow eye, or one behind glasses, from a closed one: a third of the photos that it takes for
closed show open eyes, or leave it open to whoever looks at them.  Its doubtful photos were therefore looked at, and
:data:`CHECKED_LIST` says what was seen; those that stay doubtful neither train nor judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, compress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.data.duplicates import pixel_hash, without_duplicates
from convert.data.errors import DataError
from convert.data.faults import POLICY
from convert.data.groups import is_held_out, person
from convert.data.pictures import image_files, read_image
from convert.data.tables import Row, read_rows
from edge.values import Image, Point
from edge.vision.crops import EYE_SIDE, Side, eye_crop

LABELS = ("closed", "open")

CANVAS = 48
"""Side of a training canvas in pixels."""

CANVAS_SIDE = 1.0
"""Side of a training canvas in distances between the eyes: room to move, turn and zoom the crop."""

COVERAGE = EYE_SIDE / CANVAS_SIDE
"""The share of a canvas's side that the device's crop shows."""

CEW_SIDE = 0.66
"""Side of a CEW patch in distances between the eyes: the median over 280 patches found again in their LFW photos by
template matching (10th to 90th percentile: 0.59 to 0.73)."""

CLOSE_UP_SIDE = 0.72
"""Side of a close-up, estimated from the width of the eye in it: 0.62 of the picture, against 0.66 in CEW."""

TEACHER_TABLE = Path("eyes", "teacher.csv")
"""Where ``python -m convert.data.teachers eyes`` leaves its list, below the data folder."""

TEACHER_COLUMNS = (
    "source",
    "image",
    "group",
    "left_x",
    "left_y",
    "right_x",
    "right_y",
    "left_opening",
    "right_opening",
)

MAX_CLOSED_OPENING = 0.1
MIN_OPENING = 0.1
MIN_WIDER_OPENING = 0.19
"""Teacher's eye aspect ratios: an eye is closed if both eyes are at most the first, open if it is at least the second
and the wider of both at least the third; anything between is dropped.  The far eye of a turned head, and one behind the
rim of glasses, measures less than the near one: of 168 such photos that were looked at, about one in fifteen did not
clearly show open eyes."""

NARROW_OPENING = 0.17
"""Below it an open eye is a narrow one, which the recipe draws more often."""

CHECKED_LIST = Path(__file__).with_name("eyes_checked.csv")
"""What was seen in photos of the teacher's table, on contact sheets: both eyes ``open`` or ``closed``, or ``doubt``;
and whether they are behind ``glasses``, where that was noted."""

CHECKED_COLUMNS = ("image", "label", "glasses")

DOUBT = "doubt"

MIN_EYE_DISTANCE_PX = 16.0
HELD_OUT_SHARE = 0.15
JITTER = 0.043
"""Standard deviation of the landmarks in validation, in distances between the eyes: that of the shipped detector's eye
points about the teacher's, in 3,277 photos of held-out people (0.043 across, 0.039 down; 95 % within 0.09)."""


@dataclass(frozen=True)
class EyeSample:
    """A ``canvas`` ``(48, 48)`` grey around one eye; ``group`` is its person or photo."""

    canvas: NDArray[np.uint8]
    label: str
    group: str
    source: str


@dataclass(frozen=True)
class Checked:
    """What was seen in a photo: the ``label`` of both eyes, None if it can't be told."""

    label: str | None
    glasses: bool


def load(data: Path, size: int, seed: int) -> tuple[LabelledImages, LabelledImages]:
    """``(train, validation)`` from the folder with all data sets.

    ``train`` holds canvases ``(n, 48, 48, 1)``; ``validation`` crops ``(m, size, size, 1)`` as the device cuts them
    around jittered landmarks, of people and photos that ``train`` lacks.
    """
    train: list[EyeSample] = []
    held_out: list[EyeSample] = []
    for sample in samples(data):
        (held_out if is_held_out(sample.group, HELD_OUT_SHARE) else train).append(sample)
    train = list(compress(train, without_duplicates("eyes", _pictures(train), _pictures(held_out))))
    rng = np.random.default_rng(seed)
    return (
        _labelled(train, [sample.canvas for sample in train]),
        _labelled(held_out, [_jittered_crop(sample.canvas, size, rng) for sample in held_out]),
    )


def _pictures(found: list[EyeSample]) -> list[tuple[str, object]]:
    return [(pixel_hash(sample.canvas), sample.group) for sample in found]


def samples(data: Path) -> Iterator[EyeSample]:
    """Every usable eye below the folder ``data``."""
    yield from cew(data / "eyes" / "cew")
    yield from close_ups(data / "eyes" / "closeup")
    yield from photos(data)


def cew(folder: Path) -> Iterator[EyeSample]:
    """CEW's patches; the open ones are grouped by the person's name in LFW."""

    def sample(labelled: tuple[str, Path]) -> EyeSample:
        label, file = labelled
        return EyeSample(_framed(file, CEW_SIDE), label, _cew_group(file.stem), "cew")

    files = [
        (label, file)
        for label in LABELS
        for side in ("Left", "Right")
        for file in image_files(folder / f"{label}{side}Eyes")
    ]
    return POLICY.sift(str(folder), files, sample)


def close_ups(folder: Path) -> Iterator[EyeSample]:
    """Pictures of one eye, numbered."""

    def sample(file: Path) -> EyeSample:
        return EyeSample(_framed(file, CLOSE_UP_SIDE), file.parent.name, f"closeup/{file.stem}", "closeup")

    return POLICY.sift(str(folder), [file for label in LABELS for file in image_files(folder / label)], sample)


def photos(data: Path, checked: Mapping[str, Checked] | None = None) -> Iterator[EyeSample]:
    """Eyes of the teacher's table, cut from their photos as the device cuts them.

    ``checked`` goes before what the teacher says; it is :data:`CHECKED_LIST` if not given.

    Raises:
        DataError: there is no table, or too many damaged rows or photos.
    """
    table = data / TEACHER_TABLE
    seen = read_checked() if checked is None else checked
    rows = teacher_rows(data)
    return chain.from_iterable(POLICY.sift(str(table), rows, lambda row: _photo_eyes(row, data, seen)))


def _photo_eyes(row: Row, data: Path, checked: Mapping[str, Checked]) -> list[EyeSample]:
    eyes = eyes_of(row)
    openings = openings_of(row)
    seen = checked.get(row["image"])
    labels = eye_labels(openings) if seen is None else dict.fromkeys(openings, seen.label)
    if not any(labels.values()) or _distance(*eyes) < MIN_EYE_DISTANCE_PX:
        return []
    image = read_image(data / row["image"])
    group = photo_group(row)
    return [
        EyeSample(eye_canvas(image, eyes, side), label, group, _photo_source(label, openings[side]))
        for side, label in labels.items()
        if label is not None
    ]


def _photo_source(label: str, opening: float) -> str:
    return "photos_narrow" if label == "open" and opening < NARROW_OPENING else f"photos_{label}"


def eyes_of(row: Row) -> tuple[Point, Point]:
    """Where the teacher sees the left and the right eye, in pixels."""
    left_x, left_y, right_x, right_y = row.floats(("left_x", "left_y", "right_x", "right_y"))
    return (left_x, left_y), (right_x, right_y)


def openings_of(row: Row) -> dict[Side, float]:
    """The teacher's eye aspect ratios."""
    left, right = row.floats(("left_opening", "right_opening"))
    return {"left": left, "right": right}


def eye_labels(openings: Mapping[Side, float]) -> dict[Side, str | None]:
    """Each eye's label by the teacher's eye aspect ratios; None where they leave a doubt."""
    wider = max(openings.values())
    if wider <= MAX_CLOSED_OPENING:
        return dict.fromkeys(openings, "closed")
    is_sure = wider >= MIN_WIDER_OPENING
    return {side: "open" if is_sure and opening >= MIN_OPENING else None for side, opening in openings.items()}


def read_checked(file: Path = CHECKED_LIST) -> dict[str, Checked]:
    """What was seen, by the photo's path below the data folder.

    Raises:
        DataError: it can't be read, or holds an unknown label.
    """
    found = {}
    for row in read_rows(file, CHECKED_COLUMNS):
        if row["label"] not in (*LABELS, DOUBT):
            raise DataError(f"{row}: label must be one of {', '.join((*LABELS, DOUBT))}, received {row['label']!r}")
        found[row["image"]] = Checked(None if row["label"] == DOUBT else row["label"], row["glasses"] == "yes")
    return found


def eye_canvas(image: Image, eyes: tuple[Point, Point], side: Side) -> NDArray[np.uint8]:
    """``(48, 48)`` grey: the device's crop around one of ``eyes`` (left, right), but ``CANVAS_SIDE`` wide."""
    left, right = np.asarray(eyes, np.float64)
    wider = (right - left) / COVERAGE
    points = (left, left + wider) if side == "left" else (right - wider, right)
    return cv2.cvtColor(eye_crop(image, np.array(points), side, CANVAS), cv2.COLOR_BGR2GRAY)


def _framed(file: Path, side: float) -> NDArray[np.uint8]:
    """The picture in ``file``, ``side`` distances of the eyes wide, in the middle of a canvas; the border repeats."""
    grey = read_image(file, cv2.IMREAD_GRAYSCALE)
    inner = round(CANVAS * side / CANVAS_SIDE)
    shrinks = grey.shape[0] > inner
    resized = cv2.resize(grey, (inner, inner), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    before = (CANVAS - inner) // 2
    after = CANVAS - inner - before
    return np.asarray(cv2.copyMakeBorder(resized, before, after, before, after, cv2.BORDER_REPLICATE), np.uint8)


def _jittered_crop(canvas: NDArray[np.uint8], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """``(size, size)``: the device's crop out of a canvas, around an eye that a detector has placed."""
    middle, distance = CANVAS / 2, CANVAS / CANVAS_SIDE
    eyes = np.array([(middle, middle), (middle + distance, middle)]) + rng.normal(0, JITTER * distance, (2, 2))
    coloured = cv2.cvtColor(canvas, cv2.COLOR_GRAY2BGR)
    return eye_crop(coloured, eyes, "left", size)[:, :, 0]


def _labelled(found: list[EyeSample], images: list[NDArray[np.uint8]]) -> LabelledImages:
    return LabelledImages(
        LABELS,
        np.stack(images)[..., None],
        np.array([LABELS.index(sample.label) for sample in found], np.int64),
        np.array([sample.group for sample in found]),
        np.array([sample.source for sample in found]),
    )


def teacher_rows(data: Path) -> list[Row]:
    """The teacher's table below the folder ``data``.

    Raises:
        DataError: there is none, or it lacks a column.
    """
    table = data / TEACHER_TABLE
    if not table.is_file():
        raise DataError(
            f"{table}: no table of the teacher's labels; make it in an environment with mediapipe: "
            f"python -m convert.data.teachers eyes --data {data}"
        )
    return read_rows(table, TEACHER_COLUMNS)


def _distance(first: Point, second: Point) -> float:
    return float(np.hypot(first[0] - second[0], first[1] - second[1]))


def _cew_group(stem: str) -> str:
    """``Aaron_Guiel_0001_L`` → ``lfw/Aaron_Guiel``; ``closed_eye_0727.jpg_face_1_L`` → ``cew/closed_eye_0727``."""
    if stem.startswith("closed_eye"):
        return f"cew/{stem.partition('.')[0]}"
    return f"lfw/{person(stem.rpartition('_')[0])}"


def photo_group(row: Row) -> str:
    """LFW's people are one group each, whichever data set shows them."""
    source, image = row["source"], Path(row["image"])
    if source == "lfw" or "lfw_5590" in image.parts:
        return f"lfw/{person(image.stem)}"
    return f"{source}/{image.stem}"
