"""Colour of a hand's surface: skin, creases, nails and sleeve, lit by one lamp and the sky.  Linear RGB."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.camera.demo.distance_field import Floats
from edge.camera.demo.hand_skeleton import FOREARM_GROUP, PALM_GROUP, Capsules

Colour = tuple[float, float, float]

SKIN_TONES: tuple[Colour, ...] = (
    (246, 209, 186),
    (236, 188, 158),
    (222, 170, 138),
    (205, 150, 115),
    (176, 122, 88),
    (141, 92, 64),
    (104, 66, 46),
    (76, 49, 37),
)
"""sRGB, from light to dark."""

_PALM_LINES = (
    ((33, 64), (20, 60), (9, 49), (3, 32), (6, 10)),
    ((34, 66), (14, 60), (-8, 50), (-27, 37)),
    ((-42, 57), (-24, 63), (-6, 70), (6, 82)),
)
_CREASE_MM = 1.0
_TERMINATOR_WRAP = np.array((0.32, 0.17, 0.11), np.float32)
_PALE_PALM = np.array((0.72, 0.45, 0.34), np.float32)


def linear(srgb: Colour) -> Floats:
    """An sRGB colour of 0–255 as linear light, 0–1 ``(3,)`` (gamma 2.2)."""
    return np.asarray((np.asarray(srgb, np.float32) / 255) ** 2.2, np.float32)


@dataclass(frozen=True, slots=True)
class Surface:
    """``P`` visible points in hand coordinates (mm), their normals, and each one's nearest capsule and place on it."""

    points: Floats
    normals: Floats
    capsule: NDArray[np.intp]
    along: Floats


@dataclass(frozen=True, slots=True)
class Lighting:
    """Unit vectors in hand coordinates to the lamp, the viewer and up; lamp and sky are strengths in linear light."""

    lamp_direction: Floats
    viewer: Floats
    up: Floats
    lamp: float
    sky: float


def step(low: float, high: float, value: Floats) -> Floats:
    """Hermite smoothstep from 0 below ``low`` to 1 above ``high``."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _ridge(distance: Floats, width: float = _CREASE_MM) -> Floats:
    return np.asarray(np.exp(-((distance / width) ** 2)), np.float32)


def _distance_to_line(points: Floats, line: tuple[tuple[float, float], ...]) -> Floats:
    """Distance ``(P,)`` in mm from points ``(P, 2)`` to a polyline."""
    nearest = np.full(len(points), np.inf, np.float32)
    for a, b in zip(np.array(line, np.float32), np.array(line[1:], np.float32), strict=False):
        axis = b - a
        t = np.clip((points - a) @ axis / (axis @ axis), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(points - a - t[:, None] * axis, axis=1))
    return nearest


def creases(surface: Surface, capsules: Capsules) -> Floats:
    """Depth of the skin's lines ``(P,)``, 0 to 1: the palm's three lines and those of the finger joints."""
    bone, group = capsules.bone[surface.capsule], capsules.group[surface.capsule]
    length = np.linalg.norm(capsules.end - capsules.start, axis=1)[surface.capsule]
    from_root, from_end = surface.along * length, (1 - surface.along) * length
    palmar = step(0.05, 0.5, -(surface.normals * capsules.dorsal[surface.capsule]).sum(axis=1))
    at_root = np.where(bone >= 1, np.maximum(_ridge(from_root), 0.6 * _ridge(from_root - 2.6)), 0)
    at_end = np.where((bone == 0) | (bone == 1), np.maximum(_ridge(from_end), 0.5 * _ridge(from_end - 2.8)), 0)
    at_base = np.where(bone == 0, _ridge(from_root - 19), 0)
    palmar = palmar * ((surface.along > 0) & (surface.along < 1))
    fingers = palmar * np.maximum(np.maximum(at_root, at_end), at_base)
    lines = [_ridge(_distance_to_line(surface.points[:, :2], line)) for line in _PALM_LINES]
    on_palm = (group == PALM_GROUP) * step(0.2, 0.5, surface.normals[:, 2])
    wrist = 0.5 * (group == FOREARM_GROUP) * _ridge(surface.points[:, 1] + 4) * step(0.2, 0.5, surface.normals[:, 2])
    return np.asarray(np.maximum.reduce([fingers, on_palm * np.maximum.reduce(lines), wrist]), np.float32)


def nails(surface: Surface, capsules: Capsules) -> Floats:
    """Share of nail at each point ``(P,)``, 0 to 1."""
    last = capsules.bone[surface.capsule] == 2
    dorsal = (surface.normals * capsules.dorsal[surface.capsule]).sum(axis=1)
    return np.asarray(last * step(0.5, 0.62, dorsal) * step(0.38, 0.46, surface.along), np.float32)


def skin_colour(surface: Surface, capsules: Capsules, tone: Colour, grain: Floats) -> Floats:
    """Albedo ``(P, 3)``: ``tone`` with paler palm, redder finger ends, mottling from ``grain`` ``(P,)`` (-1 to 1)."""
    base = linear(tone)
    darkness = float(np.clip(1 - base[0] / 0.8, 0, 1))
    bone, group = capsules.bone[surface.capsule], capsules.group[surface.capsule]
    palmar = step(-0.3, 0.5, -(surface.normals * capsules.dorsal[surface.capsule]).sum(axis=1))
    palmar *= step(-12, 14, surface.points[:, 1])
    albedo = base + (0.55 * darkness * palmar)[:, None] * (_PALE_PALM - base)
    flush = 0.55 * (bone == 2) * surface.along + 0.3 * (bone == 1) * (1 - surface.along) + 0.25 * grain
    flush = flush + 0.25 * palmar * (group == PALM_GROUP) * step(12, 26, np.abs(surface.points[:, 0]))
    albedo = albedo * (1 + flush[:, None] * np.array((0.05, -0.16, -0.15), np.float32))
    albedo = albedo * (1 + 0.06 * grain)[:, None]
    return np.asarray(albedo, np.float32)


def shade(albedo: Floats, normals: Floats, openness: Floats, lit: Floats, gloss: Floats, light: Lighting) -> Floats:
    """Outgoing light ``(P, 3)``: wrapped diffuse (red bleeds furthest over the terminator), sky, bounce and a sheen."""
    facing = (normals @ light.lamp_direction)[:, None]
    diffuse = np.clip((facing + _TERMINATOR_WRAP) / (1 + _TERMINATOR_WRAP), 0, 1)
    shadow = lit[:, None] ** np.array((0.75, 1.0, 1.1), np.float32)
    sky = (0.62 + 0.38 * (normals @ light.up))[:, None] * openness[:, None] ** np.array((0.8, 1.05, 1.15), np.float32)
    half = light.lamp_direction + light.viewer
    half = half / np.linalg.norm(half)
    sheen = gloss * lit * np.clip(normals @ half, 0, 1) ** 24
    rim = 0.05 * (1 - np.clip(normals @ light.viewer, 0, 1)) ** 3 * openness
    glow = albedo * (light.lamp * diffuse * shadow + light.sky * sky)
    return np.asarray(glow + (light.lamp * sheen + light.sky * rim)[:, None], np.float32)


def grain_image(shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Smooth noise ``shape``, about -1 to 1, from three octaves."""
    total = np.zeros(shape, np.float32)
    for cell_px, weight in ((26, 0.5), (8, 0.3), (2.5, 0.25)):
        cells = [max(2, round(side / cell_px)) for side in shape]
        coarse = rng.standard_normal(cells).astype(np.float32)
        total += weight * cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(total, -1, 1)
