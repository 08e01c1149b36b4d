"""A detector of one network that sees the whole image once: hands of every size in one call a frame.

What its maps mean is in :mod:`edge.vision.heatmap`.  A bundle may hold a cascade's O-Net as well: it looks at the few
finds once more, closely; both together decide, and the box is the middle of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.inference import Bundle
from edge.values import Box, Image
from edge.vision.boxes import Boxes, areas, clip, from_values, iou, nms, regress, squarify
from edge.vision.contract import check_networks, thresholds_of
from edge.vision.heatmap import HEADS, SMALLEST_PX, STRIDE_PX, boxes_of, canvas_size, centres
from edge.vision.mipmap import Mipmap
from edge.vision.stages import CascadeNetwork, NetworkFactory, Shape, WindowStage, log_odds

MAX_HITS = 300
"""At most this many cells, the hottest, go to non-maximum suppression."""

ONET_PX = 48

OUTPUTS = {"detector": set(HEADS), "onet": {"face", "box"}}
"""What is read of each network."""

KEPT_CANVASES = 4
"""For so many sizes of canvas the network stays allocated."""

MAX_CONFIRMED = 16
"""At most this many finds, the best, are looked at by O-Net."""

SAME_IOU = 0.3
"""A box that overlaps an expected one by so much may be the same object."""


class Found(NamedTuple):
    """Something found: a box inside the image and a score from 0 to 1."""

    box: Box
    score: float


@dataclass(frozen=True)
class Thresholds:
    """Least scores, and the overlap above which the weaker of two boxes goes; a bundle's manifest sets them.

    ``score`` is for what appears; ``expected`` for what was there a frame ago, so that it doesn't flicker.  Where an
    O-Net confirms, it looks at what the network gives ``proposal`` at least, and its log odds count ``onet_weight`` of
    the network's in the score.  ``followed`` is what O-Net alone must give what it follows from frame to frame.
    """

    score: float = 0.4
    expected: float = 0.25
    nms: float = 0.45
    proposal: float = 0.15
    onet_weight: float = 0.25
    followed: float = 0.5

    @classmethod
    def of(cls, bundle: Bundle) -> Thresholds:
        """Those of ``bundle``'s manifest."""
        return thresholds_of(bundle, cls)


class SingleShot:
    """Finds every object of at least ``min_size_px``, which may be changed, in an image of any size.

    The network is built for each new size of canvas, so the first image of a new size takes longer.
    """

    def __init__(
        self, networks: NetworkFactory, thresholds: Thresholds, min_size_px: float, *, confirmed: bool = False
    ) -> None:
        """``confirmed``: by the network ``onet``, for which ``networks`` is asked at once."""
        self._thresholds = thresholds
        self._onet = WindowStage(networks, "onet", ONET_PX, landmarks=False) if confirmed else None
        self.min_size_px = min_size_px
        self._canvas = lru_cache(maxsize=KEPT_CANVASES)(lambda size: _Canvas(networks, size))

    @classmethod
    def of(cls, bundle: Bundle, min_size_px: float, threads: int = 1) -> SingleShot:
        """The detector of a bundle."""
        check_networks(bundle, OUTPUTS)

        def build(name: str, shape: Shape) -> CascadeNetwork:
            return bundle.network(name, shape=shape, threads=threads)

        return cls(build, Thresholds.of(bundle), min_size_px, confirmed=bundle.manifest.is_confirmed)

    def detect(self, image: Image | Mipmap, expected: Sequence[Box] = ()) -> tuple[Found, ...]:
        """Everything found in ``image``, best score first, with boxes in its pixels.

        Where something is ``expected``, as it was there a frame ago, a lower score suffices.
        """
        mipmap = Mipmap.of(image)
        canvas = self._canvas(canvas_size(mipmap.width, mipmap.height, self.min_size_px / SMALLEST_PX))
        limits = self._thresholds
        logits, boxes = canvas.hits(mipmap, log_odds(self._least(bool(expected))))
        kept = nms(boxes, logits, limits.nms)
        logits, boxes = self._confirm(mipmap, logits[kept], boxes[kept])
        sure = logits >= log_odds(limits.score)
        if expected:
            sure |= (logits >= log_odds(limits.expected)) & _near(boxes, from_values(expected))
        return _values(boxes[sure], logits[sure])

    def follow(self, image: Image | Mipmap, expected: Sequence[Box], part: Box | None = None) -> tuple[Found, ...]:
        """What O-Net finds where something is ``expected``; without an O-Net, or to search a ``part``, all is done.

        To search a part of the image by itself would be no cheaper than the whole with its larger context.
        """
        if self._onet is None or part is not None:
            return self.detect(image, expected)
        mipmap = Mipmap.of(image)
        windows = squarify(from_values(expected))
        answers = self._onet.run(mipmap.cut(windows, ONET_PX))
        boxes = clip(regress(windows, answers.offsets), mipmap.width, mipmap.height)
        (sure,) = ((answers.margins >= log_odds(self._thresholds.followed)) & (areas(boxes) > 0)).nonzero()
        kept = sure[nms(boxes[sure], answers.margins[sure], self._thresholds.nms)]
        return _values(boxes[kept], answers.margins[kept])

    def _least(self, anything_expected: bool) -> float:
        """The network's score below which nothing can be found."""
        if self._onet:
            return self._thresholds.proposal
        return self._thresholds.expected if anything_expected else self._thresholds.score

    def _confirm(self, mipmap: Mipmap, logits: NDArray[np.float32], boxes: Boxes) -> tuple[NDArray[np.float32], Boxes]:
        """Logits ``(n,)`` and boxes ``(n, 4)``, best first, after O-Net has looked at them, if there is one."""
        if self._onet is None:
            return logits, boxes
        boxes = boxes[:MAX_CONFIRMED]
        windows = squarify(boxes)
        answers = self._onet.run(mipmap.cut(windows, ONET_PX))
        together = logits[:MAX_CONFIRMED] + np.float32(self._thresholds.onet_weight) * answers.margins
        other = clip(regress(windows, answers.offsets), mipmap.width, mipmap.height)
        middle = (boxes + other) / 2
        order = (-together).argsort(kind="stable")
        return together[order], middle[order]


class _Canvas:
    """The network for one size of canvas."""

    def __init__(self, networks: NetworkFactory, size: tuple[int, int]) -> None:
        width, height = self._size = size
        self._network = networks("detector", (1, height, width, 3))
        self._centres = centres(size)

    def hits(self, mipmap: Mipmap, least: float) -> tuple[NDArray[np.float32], Boxes]:
        """Logits ``(n,)`` of at least ``least`` and their boxes ``(n, 4)`` in pixels of the image, inside of it."""
        width, height = self._size
        self._network.invoke(cv2.cvtColor(mipmap.resized(width, height), cv2.COLOR_BGR2RGB)[None])
        logits = self._network.real("heat").reshape(-1)
        (hot,) = (logits >= least).nonzero()
        if len(hot) > MAX_HITS:
            hot = hot[np.argpartition(-logits[hot], MAX_HITS)[:MAX_HITS]]
        distances = self._network.real("box", hot)
        cell = np.array([mipmap.width / width, mipmap.height / height] * 2, np.float32) * np.float32(STRIDE_PX)
        boxes = clip(boxes_of(self._centres[hot], distances) * cell, mipmap.width, mipmap.height)
        (whole,) = (areas(boxes) > 0).nonzero()
        return logits[hot[whole]], boxes[whole]


def _values(boxes: Boxes, logits: NDArray[np.float32]) -> tuple[Found, ...]:
    scores = 1 / (1 + np.exp(-logits))
    return tuple(Found(Box(*box), score) for box, score in zip(boxes.tolist(), scores.tolist(), strict=True))


def _near(boxes: Boxes, expected: Boxes) -> NDArray[np.bool_]:
    """``(n,)``: which of ``boxes`` ``(n, 4)`` overlap one of ``expected`` ``(m, 4)``."""
    return np.asarray((iou(boxes, expected) >= SAME_IOU).any(axis=1))
