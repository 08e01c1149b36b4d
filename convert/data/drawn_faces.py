"""Pictures of drawn faces: skulls, smileys and stencils as on clothes, mugs and posters, which are nobody's face.

They are drawn at random, so that no licence hangs on them, and pasted into photos without people.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.backgrounds import backgrounds
from convert.data.drawings import draw
from convert.data.scenes import split
from convert.data.writing import write_whole
from edge.values import Image

WIDTH, HEIGHT = 384, 288
PICTURES = 3000
DONE = "made"
MOST = 5
"""Drawings in one picture, at most."""

SHORTEST_PX, LONGEST_PX = 22, 170
"""Side of a drawing's square; its head takes about three quarters."""


def paste(image: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Print one drawing onto ``image`` ``(h, w, 3)`` float32 in place, folds and light of what is below kept."""
    colour, cover = draw(rng)
    side = round(float(np.exp(rng.uniform(np.log(SHORTEST_PX), np.log(LONGEST_PX)))))
    small, thin = (cv2.resize(layer, (side, side), interpolation=cv2.INTER_AREA) for layer in (colour, cover))
    top, left = (int(rng.integers(length - side + 1)) for length in image.shape[:2])
    below = image[top : top + side, left : left + side]
    light = cv2.GaussianBlur(below, (0, 0), side / 8).mean(axis=2, keepdims=True)
    shade = (light / max(float(light.mean()), 1)) ** rng.uniform(0.3, 1)
    below += (np.clip(small * shade, 0, 255) - below) * thin[..., None]


def drawn_faces(photo: Image, rng: np.random.Generator) -> Image:
    """Print some drawings onto a ``photo``, and see the whole as a camera would: a little soft and noisy."""
    image = cv2.resize(photo, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    if rng.random() < 0.5:
        image = image * 0.3 + cv2.GaussianBlur(image, (0, 0), 12) * 0.7  # as plain as cloth
    for _ in range(int(rng.integers(1, MOST + 1))):
        paste(image, rng)
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.4)) + rng.normal(0, rng.uniform(0, 6), image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def make_drawn_faces(data: Path, folder: Path, held_back: float, rng: np.random.Generator) -> None:
    """Write :data:`PICTURES` pictures to ``folder``, on the photos without people under ``data`` that aren't held back.

    Raises:
        DataError: there are no such photos, or a picture can't be written.
    """
    photos = [scene.read() for scene in split(backgrounds(data / "bsds500_no_people"), held_back)[0]]
    write_drawn_faces(photos, PICTURES, folder, rng)


def write_drawn_faces(photos: Sequence[Image], count: int, folder: Path, rng: np.random.Generator) -> None:
    """Write ``count`` pictures of drawn faces on ``photos`` to ``folder``, and last of all the file :data:`DONE`.

    Raises:
        DataError: a picture can't be written.
    """
    for index in range(count):
        picture = drawn_faces(photos[int(rng.integers(len(photos)))], rng)
        encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 96))])[1]
        write_whole(folder / f"{index:05}.jpg", encoded.tobytes())
    write_whole(folder / DONE, b"")
