"""Every source of labelled hands, and of what a hand detector takes for a hand, as one kind of sample."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.errors import DataError
from convert.data.groups import photo_group
from convert.data.pictures import image_files, read_image
from edge.camera.demo.hand import HAND_SHAPES, HandLook, render_hand
from edge.values import Box, Image

HAGRID_LABELS: Mapping[str, str] = {
    "like": "thumb_up",
    "dislike": "thumb_down",
    "palm": "palm",
    "stop": "palm",
    "fist": "fist",
    "one": "point",
    "peace": "peace",
    "ok": "ok",
}
"""HaGRID's classes that command something; all its others are ``none``."""

SUBHIH_LABELS: Mapping[str, str] = {"0-hand": "fist", "1-hand": "point", "2-hand": "peace", "5-hand": "palm"}

EDUART_LABELS: Mapping[str, str] = {
    "stop": "palm",
    "thumbs_up": "thumb_up",
    "up": "point",
    "left": "point",
    "right": "point",
    "no_gesture": "none",
}
"""``down``, a hanging hand with one finger out, is left away: it is neither a command nor a rest."""

SIGN_DIGITS_LABELS: Mapping[str, str] = {"1": "point", "2": "peace", "5": "palm", "9": "ok"}

MASSEY_LABELS: Mapping[str, str] = {
    **dict.fromkeys("b5", "palm"),
    **dict.fromkeys("as", "fist"),
    **dict.fromkeys("d1", "point"),
    **dict.fromkeys("v2", "peace"),
    **dict.fromkeys("f9", "ok"),
}

RENDERS_PER_SHAPE = 60
RENDER_PX = 64
WINDOWS_PER_PHOTO = 6
FACES = 1500


@dataclass(frozen=True)
class HandSample:
    """A box in a picture and the gesture it shows.

    ``mask`` ``(height, width)`` uint8 is 0 where the picture shows a studio's background that may be replaced.
    """

    image: Image
    box: Box
    label: str
    group: str
    source: str
    mask: NDArray[np.uint8] | None = None


Source = Callable[[Path, np.random.Generator], Iterable[HandSample]]


def hagrid_crops(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """HaGRID's tight crops: hundreds of people in their own rooms; those of the photos with boxes are left out."""
    photos = {file.stem for file in _images(data / "hands/hagrid/images")}
    for folder in _subfolders(data / "hands/hagrid/crops"):
        for file in image_files(folder):
            if file.stem not in photos:
                image = read_image(file)
                label = HAGRID_LABELS.get(folder.name, "none")
                yield HandSample(image, _whole(image), label, photo_group(file), "hagrid")


def hagrid_frames(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """HaGRID's whole photos with boxes: what the device sees around a hand is in them."""
    for row in _boxes(data / "hands/hagrid"):
        label = HAGRID_LABELS.get(row.label, "none")
        yield HandSample(row.image, row.box, label, f"hagrid/{row.session}", "hagrid_frames")


def subhih(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """One man's fist to five fingers, in 17 sessions."""
    for row in _boxes(data / "hands/subhih"):
        yield HandSample(row.image, row.box, SUBHIH_LABELS.get(row.label, "none"), f"subhih/{row.session}", "subhih")


def eduart(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Pointing, thumbs up, stop and resting hands in three sessions."""
    for row in _boxes(data / "hands/eduart"):
        if row.label in EDUART_LABELS:
            yield HandSample(row.image, row.box, EDUART_LABELS[row.label], f"eduart/{row.session}", "eduart")


def sign_digits(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """The ten digits of American Sign Language by 220 people, cut out of their plain background."""
    folder = data / "hands/sign_digits"
    for row in _rows(folder / "subjects.csv"):
        image = read_image(folder / row["image"])
        mask = skin_mask(image)
        label = SIGN_DIGITS_LABELS.get(row["digit"], "none")
        yield HandSample(image, mask_box(mask), label, f"sign_digits/{row['person']}", "sign_digits", mask)


def massey(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Signs of five people, already cut out on black."""
    for folder in _subfolders(data / "hands/massey"):
        for file in image_files(folder):
            image = read_image(file)
            mask = np.where(cv2.blur(image.max(axis=2), (3, 3)) > 16, 255, 0).astype(np.uint8)
            person = file.name.split("_")[0]
            label = MASSEY_LABELS.get(folder.name, "none")
            yield HandSample(image, mask_box(mask), label, f"massey/{person}", "massey", mask)


def oxford_hands(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Hands of people who do something else: they hold, lean and rest, and command nothing."""
    return _plain(data / "hands/oxford_crops/pos", "oxford_hands")


def oxford_others(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Windows without a hand, from the same photos."""
    return _plain(data / "hands/oxford_crops/neg", "oxford_others")


def backgrounds(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Random windows of photos without people."""
    for file in _images(data / "bsds500_no_people"):
        image = read_image(file)
        height, width = image.shape[:2]
        for _ in range(WINDOWS_PER_PHOTO):
            side = rng.uniform(0.15, 0.7) * min(height, width)
            x, y = rng.uniform(0, width - side), rng.uniform(0, height - side)
            yield HandSample(image, Box(x, y, x + side, y + side), "none", photo_group(file), "backgrounds")


def faces(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Faces: skin of a hand's size, but no hand."""
    listing = data / "mtfl/trainImageList.txt"
    lines = _read_lines(listing)
    for position in sorted(rng.choice(len(lines), min(FACES, len(lines)), replace=False).tolist()):
        path, x1, x2, y1, y2, *_ = lines[position].split()
        file = listing.parent / path.replace("\\", "/")
        box = Box(float(x1), float(y1), float(x2), float(y2))
        yield HandSample(read_image(file), box, "none", photo_group(file), "faces")


def renders(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Hands drawn by the demo scene's renderer; never used to judge a network."""
    for shape in HAND_SHAPES:
        label = shape if shape in {*HAGRID_LABELS.values()} else "none"
        for _ in range(RENDERS_PER_SHAPE):
            sprite = render_hand(shape, RENDER_PX, HandLook.random(rng))
            colour, alpha = np.ascontiguousarray(sprite.image[..., :3]), sprite.image[..., 3]
            colour[alpha == 0] = rng.integers(256, size=3)
            yield HandSample(colour, sprite.box, label, "renders", "renders", np.ascontiguousarray(alpha))


TRAINING_SOURCES: tuple[Source, ...] = (
    hagrid_crops,
    subhih,
    eduart,
    sign_digits,
    massey,
    oxford_hands,
    oxford_others,
    backgrounds,
    faces,
    renders,
)


def skin_mask(image: Image) -> NDArray[np.uint8]:
    """``(height, width)``: 255 for the largest reddish patch before a bright grey background (Otsu's threshold)."""
    red_over_blue = cv2.subtract(image[..., 2], image[..., 0])
    smooth = cv2.GaussianBlur(red_over_blue, (3, 3), 0)
    _, mask = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return np.full(mask.shape, 255, np.uint8)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return cv2.dilate(np.where(parts == largest, 255, 0).astype(np.uint8), np.ones((3, 3), np.uint8))


def mask_box(mask: NDArray[np.uint8]) -> Box:
    """The bounds of a mask's non-zero pixels; the whole picture if there are none."""
    x, y, width, height = cv2.boundingRect(mask)
    if width == 0:
        height, width = mask.shape
    return Box(x, y, x + width, y + height)


@dataclass(frozen=True)
class _Row:
    file: Path
    image: Image
    label: str
    session: str
    box: Box


def _boxes(folder: Path) -> Iterator[_Row]:
    """The rows of ``boxes.csv``, each with its picture (decoded once for all its boxes)."""
    file, image = None, None
    for row in _rows(folder / "boxes.csv"):
        if image is None or folder / row["image"] != file:
            file = folder / row["image"]
            image = read_image(file)
        box = Box(*(float(row[key]) for key in ("xmin", "ymin", "xmax", "ymax")))
        yield _Row(folder / row["image"], image, row["label"], row["session"], box)


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(_read_lines(file)))


def _read_lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{file}: can't read this annotation list ({error.strerror}); unpack the data set") from error


def _plain(folder: Path, source: str) -> Iterator[HandSample]:
    for file in _images(folder):
        image = read_image(file)
        yield HandSample(image, _whole(image), "none", f"{source}/{file.stem}", source)


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; unpack the data set there")
    files = image_files(folder)
    if not files:
        raise DataError(f"{folder}: no image in this folder; unpack the data set there")
    return files


def _subfolders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; unpack the data set there")
    return sorted(entry for entry in folder.iterdir() if entry.is_dir())


def _whole(image: Image) -> Box:
    height, width = image.shape[:2]
    return Box(0, 0, width, height)
