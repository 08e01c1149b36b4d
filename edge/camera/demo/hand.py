"""Draws a hand: a jointed skeleton of blended capsules, ray-marched, lit and textured.

>>> sprite = render_hand("palm", 150)
>>> sprite.image.shape[2]
4
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.camera.demo.distance_field import HIT_MM, DistanceField, Floats
from edge.camera.demo.hand_pose import POSES, Finger, Pose, pose_named
from edge.camera.demo.hand_skeleton import FOREARM_GROUP, Capsules, capsules_of
from edge.camera.demo.skin import (
    SKIN_TONES,
    Colour,
    Lighting,
    Surface,
    creases,
    grain_image,
    linear,
    nails,
    shade,
    skin_colour,
    step,
)
from edge.values import Box

HAND_SHAPES = tuple(POSES)
"""Everything that ``render_hand`` draws: the gestures and a few shapes that mean nothing."""

_VIEWER_MM = 650.0
_MAX_RAYS_A_SIDE = 176
_MARGIN_PX = 2


@dataclass(frozen=True, slots=True)
class HandLook:
    """Appearance of one render.

    ``skin`` and ``sleeve`` are sRGB; ``lamp`` points to the lamp (x right, y up, z to the viewer);
    ``yaw``, ``pitch`` turn the hand about its length and breadth and ``roll`` in the image, degrees
    (anticlockwise); ``jitter`` is the standard deviation of the finger angles in degrees; ``seed`` drives
    jitter and skin noise; a sleeve begins ``sleeve_from_mm`` below the wrist; ``mirrored`` gives the other hand,
    ``other_side`` its back for its palm where the gesture means the same so.
    """

    skin: Colour = SKIN_TONES[2]
    lamp: tuple[float, float, float] = (-0.45, 0.6, 0.66)
    lamp_strength: float = 0.85
    sky_strength: float = 0.42
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    jitter: float = 0.0
    seed: int = 0
    forearm_mm: float = 110.0
    sleeve: Colour | None = None
    sleeve_from_mm: float = 45.0
    mirrored: bool = False
    other_side: bool = False

    @classmethod
    def random(cls, rng: np.random.Generator) -> HandLook:
        """A look for training: any skin, lamp, sleeve and side, moderate turns and finger jitter."""
        tone = rng.uniform(0, len(SKIN_TONES) - 1)
        low = SKIN_TONES[int(tone)]
        high = SKIN_TONES[min(int(tone) + 1, len(SKIN_TONES) - 1)]
        mixed = np.add(low, (tone % 1) * np.subtract(high, low)) * rng.uniform(0.94, 1.06, 3)
        cloth = rng.uniform(15, 235) + rng.uniform(-60, 60, 3)
        sleeve_from_mm = rng.uniform(-5, 90)
        return cls(
            skin=_colour(mixed),
            lamp=(rng.uniform(-1, 1), rng.uniform(-0.2, 1), rng.uniform(0.25, 1)),
            lamp_strength=rng.uniform(0.35, 1.1),
            sky_strength=rng.uniform(0.2, 0.75),
            yaw=float(rng.normal(0, 16)),
            pitch=float(rng.normal(0, 12)),
            roll=float(rng.normal(0, 10)),
            jitter=rng.uniform(2, 7),
            seed=int(rng.integers(1 << 31)),
            forearm_mm=sleeve_from_mm + rng.uniform(55, 110),
            sleeve=_colour(cloth) if rng.random() < 0.6 else None,
            sleeve_from_mm=sleeve_from_mm,
            mirrored=bool(rng.random() < 0.5),
            other_side=bool(rng.random() < 0.25),
        )


@dataclass(frozen=True, slots=True)
class HandSprite:
    """``image`` ``(H, W, 4)`` uint8 BGRA, alpha not premultiplied; ``box`` of the hand in it, less the forearm."""

    image: NDArray[np.uint8]
    box: Box


def _colour(values: NDArray[np.float64]) -> Colour:
    r, g, b = np.clip(values, 12, 252).tolist()
    return (r, g, b)


def _jittered(pose: Pose, degrees: float, rng: np.random.Generator) -> Pose:
    """``pose`` with normal noise on every angle; the thumb's points move by half a millimetre a degree."""

    def vary(finger: Finger) -> Finger:
        mcp, pip, dip = (angle + degrees * rng.standard_normal() for angle in finger.flexion)
        return replace(finger, flexion=(mcp, pip, dip), spread=finger.spread + 0.4 * degrees * rng.standard_normal())

    index, middle, ring, little = (vary(finger) for finger in pose.fingers)
    thumb = tuple(tuple((np.array(p) + 0.5 * degrees * rng.standard_normal(3)).tolist()) for p in pose.thumb)
    return replace(pose, fingers=(index, middle, ring, little), thumb=thumb)


def _rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """Hand to view coordinates ``(3, 3)``: ``yaw`` about y, then ``pitch`` about x, then ``roll`` about z, degrees."""
    (sy, sp, sr), (cy, cp, cr) = (f(np.radians((yaw, pitch, roll))) for f in (np.sin, np.cos))
    about_y = np.array(((cy, 0, sy), (0, 1, 0), (-sy, 0, cy)))
    about_x = np.array(((1, 0, 0), (0, cp, -sp), (0, sp, cp)))
    about_z = np.array(((cr, -sr, 0), (sr, cr, 0), (0, 0, 1)))
    return np.asarray(about_z @ about_x @ about_y, np.float32)


class _View:
    """A pinhole at ``_VIEWER_MM`` before the wrist; its picture plane, in mm, goes through the wrist."""

    def __init__(self, capsules: Capsules, rotation: Floats, size_px: int) -> None:
        self.rotation = rotation
        ends = np.stack([capsules.start, capsules.end]) @ rotation.T
        magnified = _VIEWER_MM / (_VIEWER_MM - ends[..., 2:])
        self._discs, self._radii = ends[..., :2] * magnified, capsules.radii.T * magnified[..., 0]
        self.near = _VIEWER_MM - float(ends[..., 2].max()) - 20
        self.far = _VIEWER_MM - float(ends[..., 2].min()) + 40
        low, high = self._bounds(capsules.group != FOREARM_GROUP)
        self.pixels_a_mm = size_px / float((high - low).max())
        low, high = self._bounds(np.full(len(capsules.group), True))
        self._corner = np.array((low[0], high[1])) + np.array((-1, 1)) * _MARGIN_PX / self.pixels_a_mm
        width, height = np.ceil((high - low) * self.pixels_a_mm).astype(int) + 2 * _MARGIN_PX
        self.shape = (int(height), int(width))

    def _bounds(self, which: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        discs, radii = self._discs[:, which], self._radii[:, which, None]
        return (discs - radii).min(axis=(0, 1)), (discs + radii).max(axis=(0, 1))

    def silhouette(self) -> NDArray[np.bool_]:
        """Pixels which a ray may hit: the capsules drawn flat, a little wider."""
        mask = np.zeros(self.shape, np.uint8)
        centres = (self._discs - self._corner) * (self.pixels_a_mm, -self.pixels_a_mm)
        for pair, radii in zip(centres.transpose(1, 0, 2), self._radii.T * self.pixels_a_mm + 3, strict=True):
            rims = [
                cv2.ellipse2Poly((0, 0), (256, 256), 0, 0, 360, 20) * (r / 256) + c
                for c, r in zip(pair, radii, strict=True)
            ]
            cv2.fillConvexPoly(mask, cv2.convexHull(np.vstack(rims).astype(np.float32)).round().astype(np.int32), 1)
        return mask.astype(bool)

    def rays(self, mask: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Origin ``(3,)`` and unit directions ``(P, 3)`` of the mask's pixels, in hand coordinates."""
        rows, columns = np.nonzero(mask)
        x = self._corner[0] + (columns + 0.5) / self.pixels_a_mm
        y = self._corner[1] - (rows + 0.5) / self.pixels_a_mm
        direction = np.stack([x, y, np.full(len(x), -_VIEWER_MM)], axis=1).astype(np.float32)
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        origin = np.array((0, 0, _VIEWER_MM), np.float32)
        return origin @ self.rotation, direction @ self.rotation


def _albedo_and_gloss(surface: Surface, capsules: Capsules, look: HandLook, grain: Floats) -> tuple[Floats, Floats]:
    """Colour ``(P, 3)`` and strength of the sheen ``(P,)`` with creases, nails and sleeve."""
    albedo = skin_colour(surface, capsules, look.skin, grain)
    albedo *= 1 - creases(surface, capsules)[:, None] * np.array((0.20, 0.30, 0.32), np.float32)
    nail = nails(surface, capsules)
    pale = 0.55 * linear(look.skin) + 0.45 * np.array((0.80, 0.52, 0.46), np.float32)
    albedo += nail[:, None] * (pale - albedo)
    gloss = 0.06 + 0.03 * grain + 0.22 * nail
    if look.sleeve is not None:
        cloth = step(-0.7, 0.7, -look.sleeve_from_mm - surface.points[:, 1])
        albedo += cloth[:, None] * (linear(look.sleeve) * (1 + 0.2 * grain)[:, None] - albedo)
        gloss = gloss * (1 - cloth)
    return albedo, np.asarray(gloss, np.float32)


def _paint(view: _View, capsules: Capsules, look: HandLook, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Box]:
    """The BGRA picture of ``view`` and the hand's box in it."""
    field = DistanceField(capsules.start, capsules.end, capsules.radii, capsules.group)
    mask = view.silhouette()
    origin, directions = view.rays(mask)
    hit = field.march(origin, directions, view.near, view.far)
    alpha = np.clip(1 - (hit.distance - HIT_MM) * view.pixels_a_mm, 0, 1)
    seen = (alpha > 0) & (hit.point[:, 1] > -look.forearm_mm)
    points = hit.point[seen]
    distances, along = field.parts(points)
    nearest = distances.argmin(axis=0)
    normals = field.normals(points)
    surface = Surface(points, normals, nearest, along[nearest, np.arange(len(nearest))])
    grain = grain_image(view.shape, rng)[mask][seen]
    albedo, gloss = _albedo_and_gloss(surface, capsules, look, grain)
    lamp, viewer, up = np.array((look.lamp, (0, 0, 1), (0, 1, 0)), np.float32) @ view.rotation
    light = Lighting(lamp / np.linalg.norm(lamp), viewer, up, look.lamp_strength, look.sky_strength)
    lit = field.light_reaching(points + 0.5 * normals, light.lamp_direction)
    colour = shade(albedo, normals, field.occlusion(points, normals), lit, gloss, light)
    rows, columns = (axis[seen] for axis in np.nonzero(mask))
    image = np.zeros((*view.shape, 4), np.uint8)
    image[rows, columns, :3] = (255 * np.clip(colour[:, ::-1], 0, 1) ** (1 / 2.2)).round()
    image[rows, columns, 3] = (255 * alpha[seen]).round()
    hand = (capsules.group[nearest] != FOREARM_GROUP) & (alpha[seen] > 0.5)
    x, y = columns[hand], rows[hand]
    return image, Box(float(x.min()), float(y.min()), float(x.max() + 1), float(y.max() + 1))


def _trimmed(image: NDArray[np.uint8], box: Box) -> tuple[NDArray[np.uint8], Box]:
    """Both without the empty margins."""
    x, y, width, height = cv2.boundingRect(image[..., 3])
    inner = np.ascontiguousarray(image[y : y + height, x : x + width])
    return inner, Box(box.x1 - x, box.y1 - y, box.x2 - x, box.y2 - y)


def _scaled(image: NDArray[np.uint8], box: Box, scale: float) -> HandSprite:
    """Both enlarged by ``scale``, without a dark fringe where alpha is zero."""
    height, width = (round(side * scale) for side in image.shape[:2])
    premultiplied = image.astype(np.float32)
    premultiplied[..., :3] *= premultiplied[..., 3:] / 255
    large = cv2.resize(premultiplied, (width, height), interpolation=cv2.INTER_LINEAR)
    large[..., :3] *= 255 / np.maximum(large[..., 3:], 1)
    corners = (edge * scale for edge in (box.x1, box.y1, box.x2, box.y2))
    return HandSprite(np.clip(large, 0, 255).round().astype(np.uint8), Box(*corners))


def render_hand(shape: str, size_px: int, look: HandLook | None = None) -> HandSprite:
    """Draw ``shape`` (one of ``HAND_SHAPES``) so that the longer side of the hand's box is about ``size_px``.

    The same arguments give the same pixels.  Raises ``UnknownHandShapeError`` for an unknown shape.
    """
    look = look or HandLook()
    rng = np.random.default_rng(look.seed)
    pose = _jittered(pose_named(shape), look.jitter, rng)
    if look.other_side and pose.either_side:
        pose = pose.from_other_side()
    capsules = capsules_of(pose, look.forearm_mm, None if look.sleeve is None else look.sleeve_from_mm)
    drawn_px = min(size_px, _MAX_RAYS_A_SIDE)
    view = _View(capsules, _rotation(pose.yaw + look.yaw, pose.pitch + look.pitch, pose.turn + look.roll), drawn_px)
    image, box = _trimmed(*_paint(view, capsules, look, rng))
    sprite = HandSprite(image, box) if drawn_px == size_px else _scaled(image, box, size_px / drawn_px)
    return _mirrored(sprite) if look.mirrored else sprite


def _mirrored(sprite: HandSprite) -> HandSprite:
    width, box = sprite.image.shape[1], sprite.box
    return HandSprite(np.ascontiguousarray(sprite.image[:, ::-1]), Box(width - box.x2, box.y1, width - box.x1, box.y2))
