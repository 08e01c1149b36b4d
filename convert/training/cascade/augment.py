"""Random changes to the windows of a batch, so that no window is seen twice alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.training.cascade.samples import NEGATIVE, WINDOW, Samples
from convert.training.cascade.windows import BORDER

MEAN, SCALE = 127.5, 0.0078125
"""``real = (pixel - MEAN) * SCALE``, as in the bundles' manifests."""


@dataclass(frozen=True)
class Jitter:
    """How far windows are moved once more: by up to ``shift`` sides, and zoomed by up to ``exp(zoom)`` either way."""

    shift: float
    zoom: float


def jitter(samples: Samples, spans: Jitter, rng: np.random.Generator) -> Samples:
    """Move each window of an object, or of part of one, a little, and its targets with it; kinds stay as they are.

    A window holds no pixels from beyond its edges: they are replicated, as the device does at the edge of an image.
    """
    n, side = len(samples), samples.crops.shape[1]
    moved = np.flatnonzero(samples.kind != NEGATIVE)
    zoom = np.exp(rng.uniform(-spans.zoom, spans.zoom, n)).astype(np.float32)
    shift = rng.uniform(-spans.shift, spans.shift, (n, 2)).astype(np.float32)
    zoom, shift = zoom[moved], shift[moved]
    crops = samples.crops.copy()
    for index, factor, (x, y) in zip(moved, zoom, shift, strict=True):
        # pixel centres lie at +0.5
        offsets = side * (0.5 - factor * 0.5 + np.array([x, y])) + 0.5 * factor - 0.5
        matrix = np.array([[factor, 0, offsets[0]], [0, factor, offsets[1]]])
        cv2.warpAffine(samples.crops[index], matrix, (side, side), crops[index], borderMode=BORDER)
    box, landmarks = samples.box.copy(), samples.landmarks.copy()
    box[moved] = _move(samples.box[moved] + WINDOW, zoom, shift) - WINDOW
    landmarks[moved] = _move(samples.landmarks[moved], zoom, shift)
    return replace(samples, crops=crops, box=box, landmarks=landmarks)


@dataclass(frozen=True)
class CutOff:
    """A ``share`` of the windows loses up to ``depth`` of its object behind one edge of an imagined image."""

    share: float
    depth: float


def cut_off(samples: Samples, spans: CutOff, rng: np.random.Generator) -> Samples:
    """Let the image end within some windows: from there on its last pixels are replicated, as on the device.

    Targets stay: the edges and points of an object that leaves the image are wanted where they would be.  Windows that
    show no object lose as much, so that a replicated border tells nothing.
    """
    n, side = len(samples), samples.crops.shape[1]
    chosen = np.flatnonzero(rng.random(n) < spans.share)
    box = np.where((samples.kind == NEGATIVE)[:, None], WINDOW, samples.box + WINDOW)[chosen]
    depth = rng.uniform(0, spans.depth, len(chosen))
    edge = rng.integers(0, 4, len(chosen))
    crops = samples.crops.copy()
    for index, (x1, y1, x2, y2), lost, where in zip(chosen, box * side, depth, edge, strict=True):
        crop = crops[index] if where % 2 else crops[index].swapaxes(0, 1)
        first, last = (y1, y2) if where % 2 else (x1, x2)
        if where < 2:
            _replicate_before(crop, first + lost * (last - first))
        else:
            _replicate_before(crop[::-1], side - last + lost * (last - first))
    return replace(samples, crops=crops)


def _replicate_before(rows: NDArray[np.uint8], line: float) -> None:
    """Overwrite the rows before ``line`` with the one there."""
    first = int(np.clip(round(line), 0, len(rows) - 1))
    rows[:first] = rows[first]


def _move(points: NDArray[np.float32], zoom: NDArray[np.float32], shift: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points ``(n, 2k)`` x1, y1, … of windows zoomed by ``zoom`` ``(n,)`` around their centres, then shifted."""
    pairs = points.reshape(len(points), points.shape[1] // 2, 2)
    moved = (pairs - 0.5) * zoom[:, None, None] + 0.5 + shift[:, None]
    return moved.reshape(points.shape).astype(np.float32)


def relight(crops: NDArray[np.uint8], rng: np.random.Generator, saturation: float = 0.0) -> NDArray[np.float32]:
    """Normalise crops ``(n, side, side, 3)`` uint8 under random light: contrast, brightness, cast, grey, noise.

    Their colours are up to a share of ``saturation`` weaker or stronger.
    """
    n = len(crops)
    real = (crops.astype(np.float32) - np.float32(MEAN)) * np.float32(SCALE)
    if saturation:
        real = saturate(real, saturation, rng)
    grey = np.flatnonzero(rng.random(n) < 0.15)
    real[grey] = real[grey].mean(-1, keepdims=True)
    dark = rng.random((n, 1)) < 0.15
    gain = np.exp(rng.normal(0, 0.25, (n, 1))) * np.where(dark, rng.uniform(0.15, 0.5, (n, 1)), 1)
    cast = np.exp(rng.normal(0, 0.08, (n, 3)))
    gain = (gain * cast)[:, None, None].astype(np.float32)
    # gain works on light, that is on pixel values from black on: real = -1 is black
    shift = (gain - 1 + rng.normal(0, 0.12, (n, 1, 1, 1))).astype(np.float32)
    real *= gain
    real += shift
    noisy = np.flatnonzero(rng.random(n) < 0.3)
    sigma = rng.uniform(0, 0.12, (len(noisy), 1, 1, 1)).astype(np.float32)
    real[noisy] += rng.standard_normal(real[noisy].shape, dtype=np.float32) * sigma
    return np.clip(real, -1, 1, out=real)


def saturate(real: NDArray[np.float32], span: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Make the colours of each of ``(n, side, side, 3)`` weaker or stronger by a share up to ``span``."""
    grey = real.mean(-1, keepdims=True)
    kept = rng.uniform(1 - span, 1 + span, (len(real), 1, 1, 1)).astype(np.float32)
    return grey + (real - grey) * kept
