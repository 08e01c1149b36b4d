"""Drawings of faces at random: skulls, smileys and portraits of a few strokes, as stencils and prints have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE = 256
_MIDDLE = _SIDE // 2

Colour = tuple[float, float, float]


class Drawing:
    """One drawing on a square sheet: ``colour`` and ``cover`` (0 where the cloth shows) of what has been inked."""

    def __init__(self) -> None:
        self.colour = np.zeros((_SIDE, _SIDE, 3), np.float32)
        self.cover = np.zeros((_SIDE, _SIDE), np.float32)

    def polygon(self, points: NDArray[np.float64], ink: Colour, line: int = 0) -> None:
        """Fill a closed shape, or follow it ``line`` px wide; ``points`` is ``(n, 2)`` in px of the sheet."""
        corners = [points.round().astype(np.int32)]
        for layer, value in ((self.colour, ink), (self.cover, 1.0)):
            if line:
                cv2.polylines(layer, corners, True, value, line, cv2.LINE_AA)
            else:
                cv2.fillPoly(layer, corners, value, cv2.LINE_AA)

    def stroke(self, points: NDArray[np.float64], ink: Colour, line: int) -> None:
        """Follow an open line."""
        for layer, value in ((self.colour, ink), (self.cover, 1.0)):
            cv2.polylines(layer, [points.round().astype(np.int32)], False, value, line, cv2.LINE_AA)


def blob(
    centre: tuple[float, float], radii: tuple[float, float], rng: np.random.Generator, *, power: float = 2.0
) -> NDArray[np.float64]:
    """Give the edge ``(48, 2)`` of a wobbly superellipse: ``power`` 2 is round, more is squarer."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    wobble = 1 + rng.uniform(0, 0.06) * np.sin(angle * rng.integers(2, 6) + rng.uniform(0, 6))
    across, down = np.cos(angle), np.sin(angle)
    shape = [np.sign(part) * np.abs(part) ** (2 / power) for part in (across, down)]
    return np.stack([centre[0] + radii[0] * wobble * shape[0], centre[1] + radii[1] * wobble * shape[1]], axis=1)


def skull(drawing: Drawing, ground: Colour, ink: Colour, rng: np.random.Generator) -> None:
    """A cranium with a jaw, two sockets, a nose's hole and teeth."""
    wide, top = rng.uniform(58, 84), rng.uniform(92, 112)
    drawing.polygon(blob((_MIDDLE, top), (wide, rng.uniform(60, 80)), rng), ground)
    jaw = wide * rng.uniform(0.5, 0.85)
    chin = rng.uniform(200, 232)
    drawing.polygon(blob((_MIDDLE, (top + chin) / 2 + 15), (jaw, (chin - top) / 2), rng, power=3.5), ground)
    apart, eye = wide * rng.uniform(0.38, 0.55), wide * rng.uniform(0.24, 0.38)
    level = top + rng.uniform(5, 30)
    _pair(drawing, apart, level, (eye, eye * rng.uniform(0.7, 1.3)), ink, rng, power=rng.uniform(1.6, 3.5))
    nose, under = rng.uniform(8, 18), level + eye + rng.uniform(4, 20)
    triangle = np.array([(0, -nose), (-nose * 0.8, nose), (0, nose * rng.uniform(0.3, 1)), (nose * 0.8, nose)])
    drawing.polygon(triangle + np.array([_MIDDLE, under + nose / 2]), ink)
    mouth, line = chin - rng.uniform(18, 32), int(rng.integers(2, 7))
    ends = jaw * rng.uniform(0.6, 0.95)
    drawing.stroke(np.array([(_MIDDLE - ends, mouth), (_MIDDLE + ends, mouth)]), ink, line)
    for x in np.linspace(-ends, ends, int(rng.integers(4, 11))):
        height = rng.uniform(7, 16)
        drawing.stroke(np.array([(_MIDDLE + x, mouth - height), (_MIDDLE + x, mouth + height)]), ink, line)


def smiley(drawing: Drawing, ground: Colour, ink: Colour, rng: np.random.Generator) -> None:
    """A round head with dots for eyes and an arc for a mouth."""
    radius = rng.uniform(80, 104)
    edge = blob((_MIDDLE, _MIDDLE), (radius, radius * rng.uniform(0.85, 1.15)), rng)
    drawing.polygon(edge, ground)
    if rng.random() < 0.6:
        drawing.polygon(edge, ink, int(rng.integers(3, 10)))
    apart, level = radius * rng.uniform(0.28, 0.5), _MIDDLE - radius * rng.uniform(0.1, 0.4)
    eye = radius * rng.uniform(0.08, 0.25)
    _pair(drawing, apart, level, (eye, eye * rng.uniform(0.8, 2)), ink, rng)
    if rng.random() < 0.4:
        drawing.polygon(blob((_MIDDLE, _MIDDLE + radius * 0.12), (radius * 0.1, radius * 0.08), rng), ink)
    _mouth(drawing, radius * rng.uniform(0.3, 0.65), _MIDDLE + radius * rng.uniform(0.3, 0.55), ink, rng)


def portrait(drawing: Drawing, ground: Colour, ink: Colour, rng: np.random.Generator) -> None:
    """A long head in a few strokes: hair, brows, almond eyes, nose and lips; or these alone, as of a stencil."""
    wide, tall = rng.uniform(62, 80), rng.uniform(84, 104)
    if rng.random() < 0.6:
        drawing.polygon(blob((_MIDDLE, _MIDDLE), (wide, tall), rng, power=rng.uniform(1.9, 2.6)), ground)
    if rng.random() < 0.7:
        arc = np.linspace(np.pi * rng.uniform(0.95, 1.15), np.pi * rng.uniform(1.85, 2.05), 24)
        top = np.stack([_MIDDLE + wide * 1.05 * np.cos(arc), _MIDDLE + tall * 1.05 * np.sin(arc)], axis=1)
        fringe = top[::-1] * (1, rng.uniform(0.4, 0.7)) + (0, _MIDDLE * rng.uniform(0.1, 0.3))
        drawing.polygon(np.concatenate([top, fringe]), ink)
    apart, level = wide * rng.uniform(0.38, 0.5), _MIDDLE - tall * rng.uniform(0.05, 0.25)
    eye = wide * rng.uniform(0.14, 0.26)
    _pair(drawing, apart, level, (eye, eye * rng.uniform(0.35, 0.8)), ink, rng, power=rng.uniform(1.2, 2.2))
    if rng.random() < 0.7:
        raised = level - eye * rng.uniform(1, 1.8)
        _pair(drawing, apart, raised, (eye * 1.3, rng.uniform(2, 7)), ink, rng)
    line, nose = int(rng.integers(2, 8)), rng.uniform(12, 24)
    under = level + tall * rng.uniform(0.3, 0.45)
    ridge = np.array([(rng.uniform(-6, 6), -nose * 1.5), (-nose * 0.5, 0), (nose * 0.4, 2)])
    drawing.stroke(ridge + np.array([_MIDDLE, under]), ink, line)
    _mouth(drawing, wide * rng.uniform(0.3, 0.5), under + tall * rng.uniform(0.2, 0.35), ink, rng)


STYLES: Sequence[Callable[[Drawing, Colour, Colour, np.random.Generator], None]] = (skull, smiley, portrait)


def _pair(
    drawing: Drawing,
    apart: float,
    level: float,
    radii: tuple[float, float],
    ink: Colour,
    rng: np.random.Generator,
    *,
    power: float = 2.0,
) -> None:
    for side in (-1, 1):
        drawing.polygon(blob((_MIDDLE + side * apart, level), radii, rng, power=power), ink)


def _mouth(drawing: Drawing, half: float, level: float, ink: Colour, rng: np.random.Generator) -> None:
    across = np.linspace(-1, 1, 20)
    bend = rng.uniform(-0.3, 0.8) * half
    line = np.stack([_MIDDLE + across * half, level - bend * across**2 + bend / 2], axis=1)
    if rng.random() < 0.5:
        drawing.stroke(line, ink, int(rng.integers(3, 10)))
    else:
        lower = line[::-1] + np.stack([0 * across, half * rng.uniform(0.2, 0.7) * (1 - across**2)], axis=1)
        drawing.polygon(np.concatenate([line, lower]), ink)


def draw(rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw one face: colour ``(256, 256, 3)`` BGR 0 to 255 and cover ``(256, 256)`` 0 to 1, float32."""
    drawing = Drawing()
    ground, ink = _colours(rng)
    STYLES[int(rng.integers(len(STYLES)))](drawing, ground, ink, rng)
    turned = _perspective(rng)
    colour, cover = (cv2.warpPerspective(layer, turned, (_SIDE, _SIDE)) for layer in (drawing.colour, drawing.cover))
    return colour, cover * np.float32(rng.uniform(0.7, 1.0))


def _colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """A light and a dark one in either order, most of them nearly grey, as prints are."""
    light, dark = rng.uniform(140, 250), rng.uniform(5, 90)
    spread = 12 if rng.random() < 0.6 else 90
    first, second = (np.clip(value + rng.uniform(-spread, spread, 3), 0, 255).tolist() for value in (light, dark))
    return (tuple(first), tuple(second)) if rng.random() < 0.75 else (tuple(second), tuple(first))


def _perspective(rng: np.random.Generator) -> NDArray[np.float64]:
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32) * _SIDE
    turn = cv2.getRotationMatrix2D((_MIDDLE, _MIDDLE), float(rng.normal(0, 12)), 1)
    target = corners @ turn[:, :2].T + turn[:, 2] + rng.uniform(-26, 26, (4, 2))
    return np.asarray(cv2.getPerspectiveTransform(corners, target.astype(np.float32)))
