"""Tiny data sets in the layouts of their owners, generated: enough to train a network a little, not to make it good."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import cv2
import numpy as np

from convert.data import eyes, fer2013, leap
from edge.camera.demo.hand import HandLook, render_hand
from edge.values import Image

OWN_LABELS = ("palm", "fist", "none")
PEOPLE = ("ann", "bo", "cy", "di", "eve", "flo")
LANDMARKS = ((202, 97), (246, 100), (222, 122), (201, 134), (245, 137))
"""Eyes, nose and corners of the mouth in the portrait, pixels."""


def portrait() -> Image:
    """The demo scene's."""
    data = resources.files("edge.camera.demo").joinpath("astronaut.jpg").read_bytes()
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def write(file: Path, image: Image) -> None:
    """Write ``image``, and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(file), image):
        raise OSError(f"{file}: can't be written")


def blobs(rng: np.random.Generator, side: int) -> Image:
    """``(side, side, 3)``: something with shapes in it, different each time."""
    coarse = rng.integers(0, 256, (5, 5, 3), np.uint8)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)


def marked(image: Image, position: int, of: int) -> Image:
    """``image`` with a bright disc whose place tells the class."""
    height, width = image.shape[:2]
    angle = 2 * np.pi * position / of
    centre = round(width / 2 + width / 4 * np.cos(angle)), round(height / 2 + height / 4 * np.sin(angle))
    return cv2.circle(image, centre, max(min(height, width) // 8, 2), (255, 255, 255), -1)


def write_fer2013(folder: Path, rng: np.random.Generator) -> None:
    """Kaggle's folders, 48×48 grey."""
    for part, number in (("train", 16), ("test", 6)):
        for position, label in enumerate(fer2013.LABELS):
            for index in range(number):
                picture = marked(blobs(rng, 48) // 2, position, len(fer2013.LABELS))
                write(folder / part / label / f"{index}.png", cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def write_eyes(folder: Path, rng: np.random.Generator) -> None:
    """CEW, close-ups and the teacher's table, which has no row."""
    for label, level in (("closed", 60), ("open", 160)):
        for side in ("Left", "Right"):
            for index in range(24):
                patch = blobs(rng, 24) // 4 + np.uint8(level)
                write(folder / "cew" / f"{label}{side}Eyes" / f"{label}{side}{index}_0001_{side[0]}.png", patch)
        for index in range(12):
            write(folder / "closeup" / label / f"{index}.png", blobs(rng, 60) // 4 + np.uint8(level))
    (folder / "teacher.csv").write_text(",".join(eyes.TEACHER_COLUMNS) + "\n")


def write_leap(folder: Path, rng: np.random.Generator) -> None:
    """Three persons' infrared frames of ten gestures."""
    for person in ("00", "01", "08"):
        for number, label in enumerate(leap.LABELS, 1):
            for index in range(4):
                frame = np.zeros((240, 640), np.uint8)
                hand = marked(blobs(rng, 120) // 2 + np.uint8(60), number, 10)
                frame[60:180, 250:370] = cv2.cvtColor(hand, cv2.COLOR_BGR2GRAY)
                write(folder / person / f"{number:02}_{label}" / f"frame_{person}_{number:02}_{index:04}.png", frame)


def hand_photo(shape: str, rng: np.random.Generator) -> tuple[Image, tuple[float, float, float, float]]:
    """A photo of 320×240 with a rendered hand, and the box of the hand."""
    photo = cv2.resize(rng.integers(60, 200, (6, 8, 3), np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC)
    sprite = render_hand(shape, 90, HandLook.random(rng))
    pixels = sprite.image[:240, :320]
    height, width = pixels.shape[:2]
    y, x = int(rng.integers(0, 241 - height)), int(rng.integers(0, 321 - width))
    alpha = pixels[..., 3:] / 255
    part = photo[y : y + height, x : x + width]
    part[:] = (pixels[..., :3] * alpha + part * (1 - alpha)).astype(np.uint8)
    box = sprite.box
    return photo, (x + box.x1, y + box.y1, x + box.x2, y + box.y2)


def write_own(folder: Path, rng: np.random.Generator) -> None:
    """Whole photos of hands, ``<class>/<person>/``; a pointing finger stands for what means nothing."""
    for label, shape in zip(OWN_LABELS, ("palm", "fist", "point"), strict=True):
        for person in PEOPLE[:4]:
            for index in range(3):
                write(folder / label / person / f"{index}.jpg", hand_photo(shape, rng)[0])


def write_faces(folder: Path, rng: np.random.Generator) -> None:
    """The CVPR13 list, of the one portrait under different light and sizes."""
    lines = []
    for index in range(8):
        scale = rng.uniform(0.4, 0.8)
        photo = cv2.resize(portrait(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        write(folder / "lfw_5590" / f"P{index}_0001.jpg", cv2.convertScaleAbs(photo, alpha=rng.uniform(0.6, 1.1)))
        points = " ".join(f"{value * scale:.1f}" for point in LANDMARKS for value in point)
        edges = " ".join(f"{value * scale:.0f}" for value in (180, 268, 80, 180))
        lines.append(f"lfw_5590\\P{index}_0001.jpg {edges} {points}\n")
    (folder / "trainImageList.txt").write_text("".join(lines))


def write_hands(folder: Path, rng: np.random.Generator) -> None:
    """Photos with boxes in ``boxes.csv``."""
    rows = ["image,label,session,xmin,ymin,xmax,ymax\n"]
    for index in range(8):
        photo, box = hand_photo("palm", rng)
        write(folder / "images" / f"{index}.jpg", photo)
        rows.append(f"images/{index}.jpg,palm,session{index},{','.join(f'{edge:.1f}' for edge in box)}\n")
    (folder / "boxes.csv").write_text("".join(rows))


def write_backgrounds(folder: Path, rng: np.random.Generator) -> None:
    """Photos of nobody."""
    for index in range(6):
        write(folder / f"{index}.jpg", blobs(rng, 160))


def write_people(folder: Path, rng: np.random.Generator) -> None:
    """Aligned pictures of 12 people, four each, and LFW's list of pairs in two folds."""
    names = [f"{first}_{last}" for first in PEOPLE for last in ("Lee", "Roe")]
    for name in names:
        face = blobs(rng, 56)
        for number in range(1, 5):
            noisy = np.clip(face + rng.normal(0, 12, face.shape), 0, 255).astype(np.uint8)
            write(folder / name / f"{name}_{number:04}.png", noisy)
    lines = ["2\t4"]
    for fold in (names[:4], names[4:8]):
        lines += [f"{name}\t1\t2" for name in fold]
        lines += [f"{name}\t3\t{other}\t4" for name, other in zip(fold, fold[1:] + fold[:1], strict=True)]
    (folder / "pairs.txt").write_text("\n".join(lines) + "\n")


def write_all(folder: Path) -> None:
    """Every data set, below ``folder``."""
    rng = np.random.default_rng(0)
    write_fer2013(folder / "fer2013", rng)
    write_eyes(folder / "eyes", rng)
    write_leap(folder / "leap", rng)
    write_own(folder / "own", rng)
    write_faces(folder / "mtfl", rng)
    write_hands(folder / "hands", rng)
    write_backgrounds(folder / "nobody", rng)
    write_people(folder / "people", rng)
