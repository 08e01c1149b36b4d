"""Every source of labelled hands, and of what a hand detector takes for a hand, as one kind of sample."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.boxes import AnnotatedBox, by_picture, read_boxes
from convert.data.cvpr13 import AnnotatedFace, read_faces
from convert.data.faces import face_box
from convert.data.faults import POLICY
from convert.data.groups import photo_group
from convert.data.joints import Joints, JointsOf, read_joints
from convert.data.pictures import all_image_files, image_files, read_image
from convert.data.scenes import Scene
from convert.data.tables import Row, read_rows
from convert.data.teacher import Teacher
from edge.camera.demo.hand import HAND_SHAPES, HandLook, render_hand
from edge.values import Box, Image

log = logging.getLogger(__name__)

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
    ``joints`` ``(21, 2)`` of the hand in pixels, where a teacher found them, tell that in any other picture.
    """

    image: Image
    box: Box
    label: str
    group: str
    source: str
    mask: NDArray[np.uint8] | None = None
    joints: Joints | None = None


Source = Callable[[Path, np.random.Generator], Iterable[HandSample]]


def hagrid_crops(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """HaGRID's tight crops: hundreds of people in their own rooms; those of the photos with boxes are left out."""
    photos = {file.stem for file in image_files(data / "hands/hagrid/images")}
    joints = read_joints(data)

    def sample(file: Path) -> HandSample:
        image = read_image(file)
        label = HAGRID_LABELS.get(file.parent.name, "none")
        return HandSample(image, _whole(image), label, photo_group(file), "hagrid", joints=joints.get((file, 0)))

    folder = data / "hands/hagrid/crops"
    return POLICY.sift(str(folder), [file for file in all_image_files(folder) if file.stem not in photos], sample)


def hagrid_frames(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """HaGRID's whole photos with boxes: what the device sees around a hand is in them."""
    return _boxes(data, "hands/hagrid", "hagrid_frames", lambda label: HAGRID_LABELS.get(label, "none"))


def hagrid_photos(data: Path, rng: np.random.Generator) -> Iterable[HandSample]:
    """HaGRID's whole photos of a known gesture without a box, where the teacher's list has just one hand in them.

    Without the list (:mod:`convert.data.teachers` writes it) there are none.
    """
    folder, table = data / "hands/hagrid/frames_without_boxes", data / "teacher/hands.csv"
    if not table.is_file():
        log.warning("%s is not there: the photos in %s are left out", table, folder)
        return ()
    joints = read_joints(data)

    def sample(scene: Scene) -> HandSample:
        label = HAGRID_LABELS.get(scene.path.parent.name, "none")
        box = Box(*scene.boxes[0].tolist())
        return HandSample(scene.read(), box, label, scene.group, "hagrid_photos", joints=joints.get((scene.path, 0)))

    scenes = [scene for scene in Teacher(table, data).hands(folder) if len(scene.boxes) == 1]
    return POLICY.sift(str(folder), scenes, sample)


def subhih(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """One man's fist to five fingers, in 17 sessions."""
    return _boxes(data, "hands/subhih", "subhih", lambda label: SUBHIH_LABELS.get(label, "none"))


def eduart(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Pointing, thumbs up, stop and resting hands in three sessions."""
    return _boxes(data, "hands/eduart", "eduart", EDUART_LABELS.get)


def sign_digits(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """The ten digits of American Sign Language by 220 people, cut out of their plain background."""

    def sample(row: Row) -> HandSample:
        image = read_image(row.file.parent / row["image"])
        mask = skin_mask(image)
        label = SIGN_DIGITS_LABELS.get(row["digit"], "none")
        return HandSample(image, mask_box(mask), label, f"sign_digits/{row['person']}", "sign_digits", mask)

    table = data / "hands/sign_digits/subjects.csv"
    return POLICY.sift(str(table), read_rows(table, ("image", "digit", "person")), sample)


def massey(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Signs of five people, already cut out on black; their names begin with the person."""

    def sample(file: Path) -> HandSample:
        image = read_image(file)
        mask = np.where(cv2.blur(image.max(axis=2), (3, 3)) > 16, 255, 0).astype(np.uint8)
        label = MASSEY_LABELS.get(file.parent.name, "none")
        return HandSample(image, mask_box(mask), label, f"massey/{file.name.split('_')[0]}", "massey", mask)

    folder = data / "hands/massey"
    return POLICY.sift(str(folder), all_image_files(folder), sample)


def oxford_hands(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Hands of people who do something else: they hold, lean and rest, and command nothing."""
    return _plain(data / "hands/oxford_crops/pos", "oxford_hands", read_joints(data))


def oxford_others(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Windows without a hand, from the same photos."""
    return _plain(data / "hands/oxford_crops/neg", "oxford_others")


def backgrounds(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Random windows of photos without people."""

    def windows(file: Path) -> list[HandSample]:
        image = read_image(file)
        boxes = [_window(image, rng) for _ in range(WINDOWS_PER_PHOTO)]
        return [HandSample(image, box, "none", photo_group(file), "backgrounds") for box in boxes]

    folder = data / "bsds500_no_people"
    return chain.from_iterable(POLICY.sift(str(folder), all_image_files(folder), windows))


def faces(data: Path, rng: np.random.Generator) -> Iterator[HandSample]:
    """Faces: skin of a hand's size, but no hand."""

    def sample(face: AnnotatedFace) -> HandSample:
        box = Box(*face_box(face.points).tolist())
        return HandSample(read_image(face.path), box, "none", photo_group(face.path), "faces")

    people = read_faces(data / "mtfl")
    chosen = sorted(rng.choice(len(people), min(FACES, len(people)), replace=False).tolist())
    return POLICY.sift(str(data / "mtfl"), [people[position] for position in chosen], sample)


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
    hagrid_frames,
    hagrid_photos,
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


def _boxes(data: Path, data_set: str, source: str, label_of: Callable[[str], str | None]) -> Iterator[HandSample]:
    """The boxes of a table whose label stands for something, each picture decoded once for all its boxes."""
    folder, joints = data / data_set, read_joints(data)

    def samples(rows: list[AnnotatedBox]) -> list[HandSample]:
        image = read_image(rows[0].path)
        return [
            HandSample(
                image,
                Box(*row.box.tolist()),
                label,
                f"{folder.name}/{row.session}",
                source,
                joints=joints.get((row.path, index)),
            )
            for index, row in enumerate(rows)
            if (label := label_of(row.label))
        ]

    return chain.from_iterable(POLICY.sift(str(folder), by_picture(read_boxes(folder)), samples))


def _plain(folder: Path, source: str, joints: JointsOf = MappingProxyType({})) -> Iterator[HandSample]:
    def sample(file: Path) -> HandSample:
        image, known = read_image(file), joints.get((file, 0))
        return HandSample(image, _whole(image), "none", f"{source}/{file.stem}", source, joints=known)

    return POLICY.sift(str(folder), all_image_files(folder), sample)


def _window(image: Image, rng: np.random.Generator) -> Box:
    height, width = image.shape[:2]
    side = rng.uniform(0.15, 0.7) * min(height, width)
    x, y = rng.uniform(0, width - side), rng.uniform(0, height - side)
    return Box(x, y, x + side, y + side)


def _whole(image: Image) -> Box:
    height, width = image.shape[:2]
    return Box(0, 0, width, height)
