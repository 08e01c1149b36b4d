"""Crops: the one definition of what a network sees of an image, on the device and in training.

Coordinates are continuous: pixel ``i`` covers ``[i, i + 1)``, so that a box's ``x2`` is exclusive and an image of
width ``w`` spans ``[0, w)``.  A crop may reach past the image or lie wholly outside; what is missing repeats the
nearest border pixel.  Where a crop shrinks the image to less than half, it is cut from the image's halves
(:class:`edge.vision.mipmap.Mipmap`), which a stream's crops share with the detectors.
"""

from __future__ import annotations

import math
from typing import Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge.values import Box, Image
from edge.vision.mipmap import SAMPLING, Mipmap, octave_for

Colour = Literal["rgb", "grey"]
Side = Literal["left", "right"]
Affine = NDArray[np.float64]
"""``(2, 3)`` float64: maps a point ``(x, y, 1)`` of the crop to ``(x, y)`` of the image."""

FACE_TEMPLATE: NDArray[np.float64] = np.array(
    [(0.317, 0.393), (0.683, 0.393), (0.5, 0.62), (0.356, 0.769), (0.644, 0.769)], dtype=np.float64
)
"""``(5, 2)`` float64 x, y: where left eye, right eye, nose, left and right mouth corner come to lie in the unit
square of a face crop.  Medians over 1,160 training images of FER2013 (a face mesh's points), made symmetric, so that
the device shows the emotion network faces as FER2013 frames them."""

IDENTITY_TEMPLATE: NDArray[np.float64] = (
    np.array(
        [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)],
        dtype=np.float64,
    )
    / 112
)
"""``(5, 2)`` float64 x, y: the same five points in the unit square of an identity network's crop.  Those of ArcFace
(Deng et al., 2019) for 112×112 pixels: ``arcface_dst`` in InsightFace's ``face_align.py``."""

HAND_MARGIN = 1.1
"""The side of a hand crop, in longer sides of the hand's box."""

EYE_SIDE = 0.6
"""The side of an eye crop, in distances between the eyes."""


def upright_crop(image: Image | Mipmap, box: Box, size: int) -> Image:
    """What ``box`` shows, stretched to ``(size, size, 3)`` uint8 BGR."""
    matrix = np.array([(box.width / size, 0, box.x1), (0, box.height / size, box.y1)], dtype=np.float64)
    return _warp(image, matrix, size)


def hand_crop(image: Image | Mipmap, box: Box, size: int) -> Image:
    """The square around a hand's box with a small margin, as ``(size, size, 3)`` uint8 BGR."""
    return upright_crop(image, box.square(HAND_MARGIN), size)


def face_crop(image: Image | Mipmap, landmarks: ArrayLike, size: int) -> Image:
    """A face brought onto :data:`FACE_TEMPLATE`, roll and size removed, as ``(size, size, 3)`` uint8 BGR.

    ``landmarks`` ``(5, 2)``: left eye, right eye, nose, left and right mouth corner, in pixels.
    """
    return _warp(image, similarity(FACE_TEMPLATE * size, landmarks), size)


def identity_crop(image: Image | Mipmap, landmarks: ArrayLike, size: int, margin: int = 0) -> Image:
    """A face brought onto :data:`IDENTITY_TEMPLATE`, closer than :func:`face_crop`, as ``(size, size, 3)`` uint8 BGR.

    ``landmarks`` ``(5, 2)`` as for :func:`face_crop`.  With a ``margin`` in pixels, what surrounds the crop is shown
    too, ``(size + 2 * margin, size + 2 * margin, 3)``.
    """
    return _warp(image, similarity(IDENTITY_TEMPLATE * size + margin, landmarks), size + 2 * margin)


def eye_crop(image: Image | Mipmap, landmarks: ArrayLike, side: Side, size: int) -> Image:
    """The square around one eye, turned so that the line of the eyes is level, as ``(size, size, 3)`` uint8 BGR.

    ``landmarks`` ``(5, 2)`` as for :func:`face_crop`; ``side`` is that of the image, not of the person.
    """
    (left_x, left_y), (right_x, right_y) = np.asarray(landmarks, dtype=np.float64)[:2].tolist()
    # One pixel of the crop to the right, as a step in the image; a quarter turn of it is one pixel down.
    step_x, step_y = (right_x - left_x) * EYE_SIDE / size, (right_y - left_y) * EYE_SIDE / size
    eye_x, eye_y = (left_x, left_y) if side == "left" else (right_x, right_y)
    half = size / 2
    matrix = np.array(
        [
            (step_x, -step_y, eye_x - half * (step_x - step_y)),
            (step_y, step_x, eye_y - half * (step_y + step_x)),
        ],
        dtype=np.float64,
    )
    return _warp(image, matrix, size)


def to_colour(crop: Image, colour: Colour) -> NDArray[np.uint8]:
    """A BGR crop ``(size, size, 3)`` in a network's order: rgb ``(size, size, 3)`` or grey ``(size, size, 1)``."""
    if colour == "rgb":
        return cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)
    return cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[:, :, None]


def similarity(source: ArrayLike, target: ArrayLike) -> Affine:
    """The turn, scale and shift, without mirroring, that bring ``source`` nearest to ``target`` in least squares.

    Points ``(n, 2)`` x, y; returns ``(2, 3)`` float64.  It is the closed form of Umeyama (1991), "Least-squares
    estimation of transformation parameters between two point patterns", in two dimensions, where turn and scale are
    one complex factor.  If all source points coincide, so do their images: the scale is 0.
    """
    start = _complex(source)
    end = _complex(target)
    offsets = start - start.mean()
    spread = float(np.vdot(offsets, offsets).real)
    factor = complex(np.vdot(offsets, end - end.mean())) / spread if spread > 0 else 0j
    shift = complex(end.mean() - factor * start.mean())
    return np.array([(factor.real, -factor.imag, shift.real), (factor.imag, factor.real, shift.imag)], dtype=np.float64)


def _complex(points: ArrayLike) -> NDArray[np.complex128]:
    xy = np.asarray(points, dtype=np.float64)
    return xy[:, 0] + 1j * xy[:, 1]


def _warp(image: Image | Mipmap, crop_to_image: Affine, size: int) -> Image:
    """Sample ``image`` through ``crop_to_image``, or its half, quarter … where the crop shows that at full size."""
    (a, b, x), (c, d, y) = crop_to_image.tolist()
    shrink = max(math.hypot(a, c), math.hypot(b, d))
    source, across, down = Mipmap.of(image).scaled(octave_for(shrink))
    # OpenCV counts from pixel centres: index 0 is the point 0.5.
    x, y = (x + 0.5 * (a + b)) * across - 0.5, (y + 0.5 * (c + d)) * down - 0.5
    centred = np.array([(a * across, b * across, x), (c * down, d * down, y)], dtype=np.float64)
    return cv2.warpAffine(source, centred, (size, size), flags=SAMPLING, borderMode=cv2.BORDER_REPLICATE)
