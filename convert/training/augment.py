"""Random changes to training crops, on uint8 pixels with OpenCV: cheap enough to run beside the training."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.training.recipe import AugmentTable, PixelsTable

NOISE_VALUES = 1 << 18

SUBPIXEL_BITS = 4
"""Fractional bits of the coordinates that OpenCV draws by."""

PLAIN = 0.3
"""How many of the backgrounds put in are of one colour."""

ALIKE = 0.3
"""How many of them are brought nearer to the colour of the hand before them."""

COMPRESSED = 8, 60
"""Qualities of JPEG that are shown."""

Image = NDArray[np.uint8]
Augment = Callable[[Image, int, np.random.Generator], Image]
"""``augment(image (h, w, c), size, rng)`` → ``(size, size, c)`` uint8."""


def make_augment(table: AugmentTable, *, native_size: int) -> Augment:
    """An augmentation by ``table`` that shows crops at ``native_size``: a smaller result is a part, not a reduction."""

    def augment(image: Image, size: int, rng: np.random.Generator) -> Image:
        matrix = random_affine(table, image.shape[0], size, size / native_size, rng)
        warped = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return change_pixels(warped.reshape(size, size, -1), table, rng)

    return augment


def make_composite(table: AugmentTable, backgrounds: NDArray[np.uint8], *, coverage: float) -> Augment:
    """An augmentation of canvases ``(h, w, 4)`` whose alpha is 0 where a background may be put in.

    The crop shows ``coverage`` of a canvas's side.  With the table's probability one of ``backgrounds``
    ``(n, h, w, 3)`` or a plain colour is put in, else what lies under alpha stays.
    """

    def augment(canvas: Image, size: int, rng: np.random.Generator) -> Image:
        matrix = random_affine(table, canvas.shape[0], size, coverage, rng)
        warped = cv2.warpAffine(canvas, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
        crop = warped[..., :3]
        if rng.random() < table.background:
            crop = _composite(crop, warped[..., 3], _background(backgrounds, crop, warped[..., 3], rng))
        return change_pixels(np.ascontiguousarray(crop), table, rng)

    return augment


def random_affine(
    table: AugmentTable, side: int, size: int, coverage: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """``(2, 3)``: from a crop ``side`` wide to one of ``size`` that shows ``coverage`` of it, with random changes.

    Mirror, rotation and zoom are around the crop's centre; the shift is a share of what is shown.
    """
    zoom = size / (side * coverage) * (1 + rng.uniform(-table.zoom, table.zoom))
    angle = np.deg2rad(rng.uniform(-table.rotate_degrees, table.rotate_degrees))
    flip = -1.0 if table.mirror and rng.random() < 0.5 else 1.0
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    linear = np.array([[cosine * flip, -sine], [sine * flip, cosine]])
    source = (side - 1) / 2 + side * coverage * rng.uniform(-table.shift, table.shift, 2)
    offset = (size - 1) / 2 - linear @ source
    return np.hstack([linear, offset[:, None]])


def change_pixels(image: Image, table: PixelsTable, rng: np.random.Generator) -> Image:
    """Spectacles, sharpness, colours, light, noise and occlusion, on ``(h, w, c)``."""
    if table.spectacles and rng.random() < table.spectacles:
        image = put_on_spectacles(image, rng)
    if rng.random() < table.low_resolution:
        image = lower_resolution(image, rng.uniform(0.3, 0.8))
    if rng.random() < table.blur:
        image = _keep_channels(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.3)), image)
    if table.motion and rng.random() < table.motion:
        image = move(image, table.smear, rng)
    if image.shape[2] > 1 and (table.saturation or table.grey):
        image = change_colours(image, table, rng)
    image = change_light(image, table, rng)
    if table.noise:
        start = rng.integers(NOISE_VALUES - image.size)
        noise = _noise()[start : start + image.size].reshape(image.shape)
        image = np.clip(image + noise * np.float32(255 * rng.uniform(0, table.noise)), 0, 255).astype(np.uint8)
    if rng.random() < table.erase:
        image = erase_rectangle(image, rng)
    if table.compression and rng.random() < table.compression:
        image = compress(image, int(rng.integers(*COMPRESSED)))
    return image


def change_colours(image: Image, table: PixelsTable, rng: np.random.Generator) -> Image:
    """More or less of the colours of ``(h, w, 3)``, or none, as a camera sees at night.

    A detector of hands that never saw that looks for the colour of skin: without colours it finds none.
    """
    kept = 0.0 if rng.random() < table.grey else 1 + rng.uniform(-table.saturation, table.saturation)
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.addWeighted(image, kept, grey, 1 - kept, 0), np.uint8)


def change_light(image: Image, table: PixelsTable, rng: np.random.Generator) -> Image:
    """Brightness, contrast, gamma and a tint, as one table of 256 entries a channel."""
    ramp = np.arange(256, dtype=np.float32) / 255
    ramp = ramp ** (2.0 ** rng.uniform(-2 * table.gamma, 2 * table.gamma))
    ramp = (ramp - 0.5) * (1 + rng.uniform(-table.contrast, table.contrast)) + 0.5
    ramp = ramp + rng.uniform(-table.brightness, table.brightness)
    channels = image.shape[2]
    gains = 1 + rng.uniform(-table.tint, table.tint, channels) if channels > 1 else np.ones(1)
    curves = np.clip(255 * ramp[:, None] * gains, 0, 255).round().astype(np.uint8)
    return _keep_channels(cv2.LUT(image, curves.reshape(1, 256, channels)), image)


def move(image: Image, longest: float, rng: np.random.Generator) -> Image:
    """``(h, w, c)`` smeared along a line of any direction, as by a movement while the shutter is open.

    The line is up to ``longest`` shorter sides of the picture.
    """
    length = max(min(image.shape[:2]) * longest * rng.uniform(0.2, 1), 2)
    angle = rng.uniform(0, np.pi)
    half = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    middle = int(np.ceil(length / 2))
    ends = [np.round((middle + sign * half) * (1 << SUBPIXEL_BITS)).astype(int).tolist() for sign in (-1, 1)]
    line = np.zeros((2 * middle + 1,) * 2, np.uint8)
    cv2.line(line, ends[0], ends[1], 255, 1, cv2.LINE_AA, SUBPIXEL_BITS)
    kernel = line.astype(np.float32) / line.sum()
    return _keep_channels(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE), image)


def compress(image: Image, quality: int) -> Image:
    """``(h, w, c)`` as it comes out of a JPEG of ``quality`` 1 to 100, as a webcam sends and a photo is kept."""
    colour = image if image.shape[2] == 3 else np.repeat(image, 3, axis=2)
    _, data = cv2.imencode(".jpg", colour, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., : image.shape[2]]


def lower_resolution(image: Image, share: float) -> Image:
    """The picture as seen with ``share`` of its pixels a side."""
    height, width = image.shape[:2]
    small = cv2.resize(image, (max(int(width * share), 4), max(int(height * share), 4)), interpolation=cv2.INTER_AREA)
    return _keep_channels(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), image)


def erase_rectangle(image: Image, rng: np.random.Generator) -> Image:
    """One rectangle of 2 to 20 % of the picture set to a random grey (Zhong et al., *Random Erasing*, 2017)."""
    height, width = image.shape[:2]
    area, ratio = height * width * rng.uniform(0.02, 0.2), np.exp(rng.uniform(-1, 1))
    h, w = (min(int(np.sqrt(area * r)) + 1, side) for r, side in ((ratio, height), (1 / ratio, width)))
    top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
    erased = image.copy()
    erased[top : top + h, left : left + w] = rng.integers(256)
    return erased


def put_on_spectacles(image: Image, rng: np.random.Generator) -> Image:
    """The rim of a lens around a picture of one eye, or a glare on the lens, or both.

    The rim is a superellipse, from round to nearly rectangular, about as wide as the picture; the glare is a soft
    bright ellipse.  What eyes in glasses look like can so be learned from eyes without.
    """
    side = max(image.shape[:2])
    kind = rng.random()
    worn = image.astype(np.float32)
    if kind < 0.8:
        worn = _blend(worn, _rim(image.shape[:2], side, rng), rng.uniform(0, 255), rng.uniform(0.4, 1))
    if kind > 0.6:
        worn = _blend(worn, _glare(image.shape[:2], side, rng), 255, rng.uniform(0.2, 0.9))
    return worn.round().astype(np.uint8)


def _rim(shape: tuple[int, int], side: int, rng: np.random.Generator) -> Image:
    """``(h, w)``: 255 where the rim is."""
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    squareness = 2 / rng.uniform(2, 6)
    x, y = (np.sign(wave) * np.abs(wave) ** squareness for wave in (np.cos(turn), np.sin(turn)))
    middle = np.array(shape[::-1]) / 2 + side * rng.uniform(-0.15, 0.15, 2)
    outline = middle + side * np.stack([x * rng.uniform(0.45, 0.8), y * rng.uniform(0.3, 0.6)], axis=1)
    points = np.round(outline * (1 << SUBPIXEL_BITS)).astype(np.int32)
    thickness = max(1, round(side * rng.uniform(0.02, 0.13)))
    mask = np.zeros(shape, np.uint8)
    return np.asarray(cv2.polylines(mask, [points], True, 255, thickness, cv2.LINE_AA, SUBPIXEL_BITS), np.uint8)


def _glare(shape: tuple[int, int], side: int, rng: np.random.Generator) -> Image:
    """``(h, w)``: up to 255 where the lens reflects a light."""
    middle = tuple(np.round(np.array(shape[::-1]) * rng.uniform(0.1, 0.9, 2)).astype(int).tolist())
    axes = tuple(np.maximum(np.round(side * rng.uniform(0.04, 0.2, 2)), 1).astype(int).tolist())
    spot = cv2.ellipse(np.zeros(shape, np.uint8), middle, axes, rng.uniform(0, 180), 0, 360, 255, cv2.FILLED)
    return np.asarray(cv2.GaussianBlur(spot, (0, 0), side * rng.uniform(0.02, 0.08)), np.uint8)


def _blend(image: NDArray[np.float32], mask: Image, grey: float, opacity: float) -> NDArray[np.float32]:
    """``image`` ``(h, w, c)`` with ``grey`` laid over it where ``mask`` ``(h, w)`` is."""
    weight = mask[..., None] * np.float32(opacity / 255)
    return image + weight * (np.float32(grey) - image)


@cache
def _noise() -> NDArray[np.float32]:
    """Standard normal values, drawn once: to draw them for every crop would take most of the time."""
    return np.random.default_rng(0).standard_normal(NOISE_VALUES, np.float32)


def _background(backgrounds: NDArray[np.uint8], front: Image, alpha: Image, rng: np.random.Generator) -> Image:
    """A random window of a background, or a plain colour; either may come near the colour of what is before it.

    Before wood or a red wall a hand is told by its shape alone: a network that never saw that looks for its colour.
    """
    size = len(front)
    if rng.random() < PLAIN:
        back = np.broadcast_to(rng.integers(256, size=3, dtype=np.uint8), (size, size, 3))
    else:
        side = backgrounds.shape[1]
        top, left = rng.integers(side - size + 1, size=2)
        back = backgrounds[rng.integers(len(backgrounds)), top : top + size, left : left + size]
    if rng.random() >= ALIKE:
        return back
    skin = np.array(cv2.mean(front, mask=(alpha > 128).astype(np.uint8))[:3])
    share = rng.uniform(0.4, 1)
    shift = share * (skin + rng.normal(0, 25, 3) - cv2.mean(back)[:3])
    return np.clip(back + shift, 0, 255).astype(np.uint8)


def _composite(front: Image, alpha: Image, back: Image) -> Image:
    opacity = alpha[..., None].astype(np.uint16)
    opacity += opacity >> 7  # 0 to 256: a shift is several times faster than a division by 255
    return ((front * opacity + back * (256 - opacity)) >> 8).astype(np.uint8)


def _keep_channels(result: Image, like: Image) -> Image:
    """OpenCV drops the last axis of a picture of one channel."""
    return result.reshape(*result.shape[:2], like.shape[2])
