"""Labels the eyes in photos by MediaPipe's face mesh: where each eye is and how far its lids are apart.

The teacher needs ``mediapipe`` (its last release with the models inside is 0.10.21, Python up to 3.12), so it runs
in an environment of its own and leaves a table, which :mod:`convert.data.eyes` reads from ``DIR/eyes/teacher.csv``:
``python -m convert.data.eye_teacher --data DIR --out DIR/eyes/teacher.csv``.
"""

from __future__ import annotations

import argparse
import csv
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

COLUMNS = ("source", "image", "group", "left_x", "left_y", "right_x", "right_y", "left_opening", "right_opening")

EYE_CONTOURS = {"left": (33, 160, 158, 133, 153, 144), "right": (362, 385, 387, 263, 373, 380)}
"""Face mesh indices of each eye (image side): outer or inner corner, two points of the upper lid, the other corner,
two points of the lower lid; the order of Soukupová and Čech (2016), "Real-Time Eye Blink Detection"."""

MESH_SIDE = 320
"""Photos are shown to the teacher at this size: its detector misses faces that fill little of the picture."""


@dataclass(frozen=True)
class Photo:
    """One photo to label: ``window`` ``(x1, y1, x2, y2)`` in pixels is where its face is, with margin."""

    source: str
    file: Path
    group: str
    window: tuple[int, int, int, int] | None = None


def photos(data: Path) -> Iterator[Photo]:
    """The photos of the data sets that show faces."""
    yield from _mtfl(data / "mtfl")
    for file in sorted((data / "helen" / "trainset").glob("*.jpg")):
        yield Photo("helen", file, file.stem, _around_points(file.with_suffix(".pts")))
    for file in sorted((data / "lfw").glob("*/*.jpg")):
        yield Photo("lfw", file, file.parent.name)
    for file in sorted((data / "hands" / "hagrid").glob("images/*.jpg")):
        yield Photo("hagrid", file, file.stem)
    for file in sorted((data / "hands" / "hagrid").glob("frames_without_boxes/*/*.jpg")):
        yield Photo("hagrid", file, file.stem)


def eye_opening(contour: NDArray[np.float64]) -> float:
    """The eye aspect ratio: the distance of the lids over that of the corners.

    ``contour`` ``(6, 2)`` x, y in the order of :data:`EYE_CONTOURS`.  About 0.3 for an open eye, below 0.15 for a
    closed one.
    """
    corner, upper1, upper2, other_corner, lower2, lower1 = contour
    width = np.linalg.norm(corner - other_corner)
    lids = np.linalg.norm(upper1 - lower1) + np.linalg.norm(upper2 - lower2)
    return float(lids / (2 * width)) if width > 0 else 0.0


def label_photo(mesh: Any, photo: Photo) -> dict[str, Any] | None:
    """One row of the table, or None where the teacher finds no face."""
    image = cv2.imread(str(photo.file))
    if image is None:
        log.warning("%s: not a readable image, left out", photo.file)
        return None
    x, y = 0, 0
    if photo.window is not None:
        x, y = max(photo.window[0], 0), max(photo.window[1], 0)
        image = image[y : photo.window[3], x : photo.window[2]]
    scale = MESH_SIDE / min(image.shape[:2])
    found = find_eyes(mesh, cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))
    if found is None:
        return None
    row: dict[str, Any] = {"source": photo.source, "image": str(photo.file), "group": photo.group}
    for side, contour in found.items():
        center = contour.mean(axis=0) / scale + (x, y)
        row[f"{side}_x"], row[f"{side}_y"] = (round(float(v), 2) for v in center)
        row[f"{side}_opening"] = round(eye_opening(contour), 4)
    return row


def find_eyes(mesh: Any, image: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]] | None:
    """The eyes' contours ``(6, 2)`` by side, in pixels of the BGR ``image``; None without a face."""
    result = mesh.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    if not result.multi_face_landmarks:
        return None
    points = result.multi_face_landmarks[0].landmark
    height, width = image.shape[:2]
    return {
        side: np.array([(points[i].x * width, points[i].y * height) for i in indices])
        for side, indices in EYE_CONTOURS.items()
    }


def main() -> None:
    """Label every photo below ``--data`` and write the table to ``--out``."""
    import mediapipe

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the unpacked data sets")
    parser.add_argument("--out", type=Path, required=True, help="the table to write, CSV")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    mesh = mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True, refine_landmarks=True, max_num_faces=1, min_detection_confidence=0.3
    )
    seen = found = 0
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for photo in photos(arguments.data):
            seen += 1
            row = label_photo(mesh, photo)
            if row is not None:
                found += 1
                table.writerow({**row, "image": str(photo.file.relative_to(arguments.data))})
            if seen % 1000 == 0:
                log.info("%d photos, %d with a face", seen, found)
    log.info("%d photos, %d with a face, in %s", seen, found, arguments.out)


def _mtfl(folder: Path) -> Iterator[Photo]:
    for line in (folder / "trainImageList.txt").read_text("utf-8").splitlines():
        name, *numbers = line.split()
        x1, x2, y1, y2 = (int(float(number)) for number in numbers[:4])
        margin = (x2 - x1) // 2
        file = folder / name.replace("\\", "/")
        yield Photo("mtfl", file, file.stem, (x1 - margin, y1 - margin, x2 + margin, y2 + margin))


def _around_points(file: Path) -> tuple[int, int, int, int]:
    lines = file.read_text("utf-8").split("{")[1].split("}")[0].split("\n")
    points = np.array([line.split() for line in lines if line.strip()], dtype=np.float64)
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    margin = 0.5 * (x2 - x1)
    return int(x1 - margin), int(y1 - margin), int(x2 + margin), int(y2 + margin)


if __name__ == "__main__":
    main()
