"""The cascade of Zhang et al. (2016), MTCNN: P-Net proposes, R-Net refines, O-Net confirms and adds landmarks.

A bundle decides what it finds: faces or hands.  A stage's network gives, for each window, ``face`` (two logits: no,
yes) and ``box`` (four offsets of edges), O-Net ``landmarks`` (ten) too, the latter two in sides of the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.inference import Bundle
from edge.values import Box, Image, Point
from edge.vision.boxes import Boxes, areas, clip, from_values, nms, regress, squarify, to_points
from edge.vision.contract import check_networks, thresholds_of
from edge.vision.mipmap import Mipmap
from edge.vision.pyramid import MTCNN_SPACING, Pyramid, Spacing
from edge.vision.stages import CascadeNetwork, MapStage, NetworkFactory, Shape, WindowStage, log_odds

OUTPUTS = {"pnet": {"face", "box"}, "rnet": {"face", "box"}, "onet": {"face", "box", "landmarks"}}
"""What is read of each network; a bundle leaves the rest out, an older one has it too."""

RNET_PX = 24
ONET_PX = 48

MAX_CELLS = 400
"""At most this many of P-Net's peaks, the best, go to its non-maximum suppression."""

MAX_PROPOSALS = 128
"""At most this many of P-Net's proposals, the best, are looked at by R-Net."""

KEPT_PLANS = 8
"""For so many sizes of image the layout of the pyramid is kept."""


class Detection(NamedTuple):
    """Something found: a box inside the image, a score from 0 to 1, and five landmarks (of faces; see ``Face``)."""

    box: Box
    score: float
    landmarks: tuple[Point, Point, Point, Point, Point]


@dataclass(frozen=True)
class Thresholds:
    """Least scores of each stage, the overlaps above which one of two boxes goes, and the pyramid's levels.

    A bundle's manifest sets them by these names, chosen on validation data; the defaults are MTCNN's.
    ``nms_pnet`` is across the levels of P-Net's pyramid: within one its peaks count, which is 0.5 there.
    ``nms_onet`` is relative to the smaller box.  ``pyramid_step`` and ``pyramid_fill`` are those of
    :class:`edge.vision.pyramid.Spacing`.
    """

    pnet: float = 0.6
    rnet: float = 0.7
    onet: float = 0.7
    nms_pnet: float = 0.7
    nms_rnet: float = 0.7
    nms_onet: float = 0.7
    pyramid_step: float = MTCNN_SPACING.step
    pyramid_fill: float = MTCNN_SPACING.fill

    @property
    def spacing(self) -> Spacing:
        """Of the pyramid's levels."""
        return Spacing(self.pyramid_step, self.pyramid_fill)

    @classmethod
    def of(cls, bundle: Bundle) -> Thresholds:
        """Those of ``bundle``'s manifest."""
        return thresholds_of(bundle, cls)


class Cascade:
    """Finds every object of at least ``min_size_px``, which may be changed, in an image of any size.

    R-Net and O-Net are built once.  P-Net is built for each new size of canvas, so the first image of a new size
    takes longer.
    """

    def __init__(self, networks: NetworkFactory, thresholds: Thresholds, min_size_px: float) -> None:
        self._thresholds = thresholds
        self._pnet = MapStage(networks)
        self._rnet = WindowStage(networks, "rnet", RNET_PX, landmarks=False, least_filled=0.75)
        self._onet = WindowStage(networks, "onet", ONET_PX, landmarks=True)
        self._pyramid = lru_cache(maxsize=KEPT_PLANS)(Pyramid)
        self.min_size_px = min_size_px

    @classmethod
    def of(cls, bundle: Bundle, min_size_px: float, threads: int = 1) -> Cascade:
        """The cascade of a bundle."""
        check_networks(bundle, OUTPUTS)

        def build(name: str, shape: Shape) -> CascadeNetwork:
            return bundle.network(name, shape=shape, threads=threads)

        return cls(build, Thresholds.of(bundle), min_size_px)

    def detect(self, image: Image | Mipmap, expected: Sequence[Box] = ()) -> tuple[Detection, ...]:
        """Everything found in ``image``, best score first; boxes and landmarks in its pixels.

        Where something is ``expected``, as it was there a frame ago, O-Net looks whatever the stages before it say: an
        object between two levels of the pyramid would flicker.
        """
        mipmap = Mipmap.of(image)
        windows = self._refine(mipmap, self._propose(mipmap))
        found = self._confirm(mipmap, np.concatenate([windows, squarify(from_values(expected))]))
        return self._points_again(mipmap, found).values()

    def follow(self, image: Image | Mipmap, expected: Sequence[Box], part: Box | None = None) -> tuple[Detection, ...]:
        """What O-Net finds where something is ``expected``, and all of the cascade in ``part`` of ``image``.

        The expected box is that of the same object a frame ago: its points are looked for in it once.
        """
        mipmap = Mipmap.of(image)
        windows = squarify(from_values(expected))
        if part is not None:
            windows = np.concatenate([self._refine(mipmap, self._propose_in(mipmap, part)), windows])
        return self._confirm(mipmap, windows).values()

    def _propose_in(self, mipmap: Mipmap, part: Box) -> Boxes:
        """P-Net's square proposals ``(n, 4)`` in a ``part`` of the image, with whole pixels as its edges."""
        left, top, right, bottom = (int(edge) for edge in (part.x1, part.y1, part.x2, part.y2))
        proposals = self._propose(Mipmap(mipmap.half(0)[top:bottom, left:right]))
        return proposals + np.array([left, top, left, top], np.float32)

    def _propose(self, mipmap: Mipmap) -> Boxes:
        """P-Net's square proposals ``(n, 4)``, best first."""
        pyramid = self._pyramid(mipmap.width, mipmap.height, self.min_size_px, self._thresholds.spacing)
        if pyramid.empty:
            return np.zeros((0, 4), np.float32)
        hits = self._pnet.run(pyramid.draw(mipmap), log_odds(self._thresholds.pnet))
        (within,) = (pyramid.index_of(hits.cells) >= 0).nonzero()
        peaks = within[pyramid.are_peaks(hits.cells[within], hits.margins[within])]
        chosen = peaks[_best(hits.margins[peaks], MAX_CELLS)]
        boxes = regress(pyramid.windows[pyramid.index_of(hits.cells[chosen])], hits.offsets[chosen])
        kept = nms(boxes, hits.margins[chosen], self._thresholds.nms_pnet)[:MAX_PROPOSALS]
        return squarify(boxes[kept])

    def _refine(self, mipmap: Mipmap, windows: Boxes) -> Boxes:
        """Those of ``windows`` ``(n, 4)`` that R-Net believes in, moved and made square again, best first."""
        answers = self._rnet.run(mipmap.cut(windows, RNET_PX))
        (hits,) = (answers.margins >= log_odds(self._thresholds.rnet)).nonzero()
        boxes = regress(windows[hits], answers.offsets[hits])
        return squarify(boxes[nms(boxes, answers.margins[hits], self._thresholds.nms_rnet)])

    def _confirm(self, mipmap: Mipmap, windows: Boxes) -> _Confirmed:
        """Those of ``windows`` ``(n, 4)`` that O-Net believes in, with their final boxes and landmarks, best first."""
        answers = self._onet.run(mipmap.cut(windows, ONET_PX))
        boxes = clip(regress(windows, answers.offsets), mipmap.width, mipmap.height)
        (hits,) = ((answers.margins >= log_odds(self._thresholds.onet)) & (areas(boxes) > 0)).nonzero()
        kept = hits[nms(boxes[hits], answers.margins[hits], self._thresholds.nms_onet, "min")]
        return _Confirmed(boxes[kept], answers.margins[kept], to_points(windows[kept], answers.landmarks[kept]))

    def _points_again(self, mipmap: Mipmap, found: _Confirmed) -> _Confirmed:
        """``found`` with the means of its landmarks and those that O-Net gives in the final boxes' mirror images.

        The mean of two windows is nearer to the truth than either, and what O-Net does to left and right alike goes.
        """
        windows = squarify(found.boxes)
        mirrored = self._onet.run(np.ascontiguousarray(mipmap.cut(windows, ONET_PX)[:, :, ::-1])).landmarks
        again = to_points(windows, _mirror(mirrored))
        return found._replace(points=(found.points + again) * np.float32(0.5))


class _Confirmed(NamedTuple):
    """What O-Net believes in, best first: ``boxes`` ``(n, 4)``, ``margins`` ``(n,)``, ``points`` ``(n, 5, 2)``."""

    boxes: Boxes
    margins: NDArray[np.float32]
    points: NDArray[np.float32]

    def values(self) -> tuple[Detection, ...]:
        """One by one."""
        scores = 1 / (1 + np.exp(-self.margins))
        found = zip(self.boxes.tolist(), scores.tolist(), self.points.tolist(), strict=True)
        return tuple(Detection(Box(*box), score, _landmarks(points)) for box, score, points in found)


def _best(values: NDArray[np.float32], most: int) -> NDArray[np.intp]:
    """Indices of the ``most`` highest of ``values``."""
    return np.argpartition(-values, most)[:most] if len(values) > most else np.arange(len(values))


def _mirror(landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Landmarks ``(n, 10)`` of mirrored windows, as those of the windows themselves: left is right there."""
    points = landmarks.reshape(-1, 5, 2)[:, [1, 0, 2, 4, 3]]
    points[..., 0] = 1 - points[..., 0]
    return points.reshape(landmarks.shape)


def _landmarks(points: list[list[float]]) -> tuple[Point, Point, Point, Point, Point]:
    left_eye, right_eye, nose, left_mouth, right_mouth = ((x, y) for x, y in points)
    return left_eye, right_eye, nose, left_mouth, right_mouth
