"""The cascade of Zhang et al. (2016), MTCNN: P-Net proposes, R-Net refines, O-Net confirms and adds landmarks.

A bundle decides what it finds: faces or hands.  A stage's networks give, for each window, ``face`` (two logits: no,
yes), ``box`` (four offsets of edges) and ``landmarks`` (ten), the latter two in sides of the window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from math import log
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.inference import Bundle
from edge.inference.bundle import BundleError
from edge.values import Box, Image, Point
from edge.vision.boxes import Boxes, clip, nms, regress, squarify, to_points
from edge.vision.mipmap import Mipmap
from edge.vision.pyramid import Pyramid

RNET_PX = 24
ONET_PX = 48

BATCH_SIZES = (16, 4, 1)
"""R-Net and O-Net are allocated for these numbers of windows only: a new shape would set up the delegate again."""

MAX_CELLS = 256
"""At most this many of P-Net's cells, the best, go to its non-maximum suppression."""

MAX_PROPOSALS = 64
"""At most this many of P-Net's proposals, the best, are looked at by R-Net."""

KEPT_PLANS = 2
"""For so many image sizes the canvas and P-Net stay allocated."""

Shape = tuple[int, int, int, int]


class CascadeNetwork(Protocol):
    """What the cascade needs of :class:`edge.inference.Network`."""

    def invoke(self, pixels: NDArray[np.uint8]) -> None:
        """Run on RGB pixels of the shape that the network was built for."""

    def real(self, name: str) -> NDArray[np.float32]:
        """The named output of the last run."""


NetworkFactory = Callable[[str, Shape], CascadeNetwork]
"""``factory("rnet", (16, 24, 24, 3))`` gives a network allocated for that input."""


class Detection(NamedTuple):
    """Something found: a box inside the image, a score from 0 to 1, and five landmarks (of faces; see ``Face``)."""

    box: Box
    score: float
    landmarks: tuple[Point, Point, Point, Point, Point]


@dataclass(frozen=True)
class Thresholds:
    """Least scores of each stage, and the overlaps above which one of two boxes goes.

    A bundle's manifest sets them by these names, chosen on validation data; the defaults are MTCNN's.
    ``nms_level`` is within a level of P-Net's pyramid, ``nms_pnet`` across levels; ``nms_onet`` is relative to the
    smaller box.
    """

    pnet: float = 0.6
    rnet: float = 0.7
    onet: float = 0.7
    nms_level: float = 0.5
    nms_pnet: float = 0.7
    nms_rnet: float = 0.7
    nms_onet: float = 0.7

    @classmethod
    def of(cls, bundle: Bundle) -> Thresholds:
        """Those of ``bundle``'s manifest."""
        known = {field.name for field in fields(cls)}
        given = bundle.manifest.thresholds
        for name, value in given.items():
            if name not in known:
                raise BundleError(f"{bundle.path}: threshold {name!r} is unknown; a cascade has {sorted(known)}")
            if not 0 < value < 1:
                raise BundleError(f"{bundle.path}: threshold {name!r} must lie between 0 and 1, received {value}")
        return cls(**given)


class Cascade:
    """Finds every object of at least ``min_size_px`` in an image of any size.

    Networks are built when they are first needed: P-Net for each size of image, R-Net and O-Net once for each batch
    size.
    """

    def __init__(self, networks: NetworkFactory, thresholds: Thresholds, min_size_px: float) -> None:
        self._thresholds = thresholds
        self._min_size_px = min_size_px
        self._rnet = _Stage(partial(networks, "rnet"), RNET_PX)
        self._onet = _Stage(partial(networks, "onet"), ONET_PX)
        self._networks = networks
        self._plan = lru_cache(maxsize=KEPT_PLANS)(self._build_plan)

    @classmethod
    def of(cls, bundle: Bundle, min_size_px: float, threads: int = 1) -> Cascade:
        """The cascade of a bundle."""
        for name, spec in bundle.manifest.networks.items():
            if spec.input.colour != "rgb":
                raise BundleError(f"{bundle.path}: {name} takes {spec.input.colour!r}, a cascade's networks take 'rgb'")

        def build(name: str, shape: Shape) -> CascadeNetwork:
            return bundle.network(name, shape=shape, threads=threads)

        return cls(build, Thresholds.of(bundle), min_size_px)

    def detect(self, image: Image | Mipmap) -> tuple[Detection, ...]:
        """Everything found in ``image``, best score first; boxes and landmarks in its pixels."""
        mipmap = image if isinstance(image, Mipmap) else Mipmap(image)
        return self._confirm(mipmap, self._refine(mipmap, self._propose(mipmap)))

    def _build_plan(self, width: int, height: int) -> tuple[Pyramid, CascadeNetwork | None]:
        pyramid = Pyramid(width, height, self._min_size_px)
        return pyramid, None if pyramid.empty else self._networks("pnet", pyramid.shape)

    def _propose(self, mipmap: Mipmap) -> Boxes:
        """P-Net's square proposals ``(n, 4)``, best first."""
        pyramid, pnet = self._plan(mipmap.width, mipmap.height)
        if pnet is None:
            return np.zeros((0, 4), np.float32)
        pnet.invoke(pyramid.draw(mipmap))
        margins = _margins(pnet.real("face"))[pyramid.cells]
        hits = _best(margins, log_odds(self._thresholds.pnet), MAX_CELLS)
        hits = hits[nms(pyramid.windows[hits], margins[hits], self._thresholds.nms_level, groups=pyramid.levels[hits])]
        offsets = pnet.real("box").reshape(-1, 4)[pyramid.cells[hits]]
        boxes = regress(pyramid.windows[hits], offsets)
        kept = nms(boxes, margins[hits], self._thresholds.nms_pnet)[:MAX_PROPOSALS]
        return squarify(boxes[kept])

    def _refine(self, mipmap: Mipmap, windows: Boxes) -> Boxes:
        """Those of ``windows`` ``(n, 4)`` that R-Net believes in, moved and made square again, best first."""
        output = self._rnet.run(mipmap.cut(windows, RNET_PX))
        hits = np.flatnonzero(output.margins >= log_odds(self._thresholds.rnet))
        boxes = regress(windows[hits], output.offsets[hits])
        return squarify(boxes[nms(boxes, output.margins[hits], self._thresholds.nms_rnet)])

    def _confirm(self, mipmap: Mipmap, windows: Boxes) -> tuple[Detection, ...]:
        """Those of ``windows`` ``(n, 4)`` that O-Net believes in, with their final boxes and landmarks, best first."""
        output = self._onet.run(mipmap.cut(windows, ONET_PX))
        hits = np.flatnonzero(output.margins >= log_odds(self._thresholds.onet))
        boxes = clip(regress(windows[hits], output.offsets[hits]), mipmap.width, mipmap.height)
        kept = nms(boxes, output.margins[hits], self._thresholds.nms_onet, "min")
        points = to_points(windows[hits], output.landmarks[hits])
        scores = 1 / (1 + np.exp(-output.margins[hits]))
        return tuple(_detection(boxes[index], scores[index], points[index]) for index in kept)


class _StageOutput(NamedTuple):
    """For ``n`` windows: ``margins`` ``(n,)``, ``offsets`` ``(n, 4)`` and ``landmarks`` ``(n, 10)``, all float32."""

    margins: NDArray[np.float32]
    offsets: NDArray[np.float32]
    landmarks: NDArray[np.float32]


class _Stage:
    """R-Net or O-Net in a few fixed batch sizes."""

    def __init__(self, build: Callable[[Shape], CascadeNetwork], size: int) -> None:
        self._build = build
        self._size = size
        self._networks: dict[int, CascadeNetwork] = {}

    def run(self, crops: NDArray[np.uint8]) -> _StageOutput:
        """Outputs for BGR ``crops`` ``(n, size, size, 3)`` uint8; ``n`` may be 0."""
        outputs = [_StageOutput(np.zeros(0, np.float32), np.zeros((0, 4), np.float32), np.zeros((0, 10), np.float32))]
        start = 0
        for batch in split(len(crops)):
            outputs.append(self._run_batch(crops[start : start + batch]))
            start += batch
        return _StageOutput(*(np.concatenate(parts) for parts in zip(*outputs, strict=True)))

    def _run_batch(self, crops: NDArray[np.uint8]) -> _StageOutput:
        n = len(crops)
        if n not in self._networks:
            self._networks[n] = self._build((n, self._size, self._size, 3))
        network = self._networks[n]
        rgb = cv2.cvtColor(crops.reshape(n * self._size, self._size, 3), cv2.COLOR_BGR2RGB)
        network.invoke(rgb.reshape(crops.shape))
        return _StageOutput(
            _margins(network.real("face")), network.real("box").reshape(n, 4), network.real("landmarks").reshape(n, 10)
        )


def split(n: int) -> list[int]:
    """``n`` windows as a list of :data:`BATCH_SIZES`.

    >>> split(22)
    [16, 4, 1, 1]
    """
    batches = []
    for size in BATCH_SIZES:
        batches += [size] * (n // size)
        n %= size
    return batches


def log_odds(probability: float) -> float:
    """The difference of two logits whose softmax gives ``probability`` to the second."""
    return log(probability / (1 - probability))


def _margins(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(n,)``: how far each cell's or window's *yes* is above its *no*; the score is the logistic function of it."""
    pairs = logits.reshape(-1, 2)
    return pairs[:, 1] - pairs[:, 0]


def _best(margins: NDArray[np.float32], least: float, most: int) -> NDArray[np.intp]:
    """Indices of the values of at least ``least``, and of these the ``most`` highest."""
    hits = np.flatnonzero(margins >= least)
    if len(hits) <= most:
        return hits
    return hits[np.argpartition(-margins[hits], most)[:most]]


def _detection(box: NDArray[np.float32], score: np.float32, points: NDArray[np.float32]) -> Detection:
    left_eye, right_eye, nose, left_mouth, right_mouth = ((float(x), float(y)) for x, y in points)
    return Detection(Box(*map(float, box)), float(score), (left_eye, right_eye, nose, left_mouth, right_mouth))
