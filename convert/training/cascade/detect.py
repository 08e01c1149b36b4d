"""The cascade on whole images with Keras networks: finds what the next stage has to learn, and is judged by it.

The pyramid, the crops and the box arithmetic are the device's own (``edge.vision``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import keras
import numpy as np
from numpy.typing import NDArray

from convert.networks.cascade import WINDOW_SIDES
from convert.training.cascade.augment import MEAN, SCALE
from convert.training.scenes.judge import Found
from edge.vision.boxes import nms, regress, squarify, to_points
from edge.vision.mipmap import Mipmap
from edge.vision.pyramid import MTCNN_SPACING, Pyramid, Spacing

Floats = NDArray[np.float32]

PNET_NMS, RNET_NMS, ONET_NMS = 0.7, 0.7, 0.7
"""Overlaps above which the weaker of two boxes goes, as in MTCNN; the last is measured against the smaller box."""

_BATCH = 256


@dataclass(frozen=True)
class CascadeDetector:
    """Runs as many stages as there are ``networks`` (by name); a stage's windows under its threshold are dropped."""

    networks: dict[str, keras.Model]
    thresholds: dict[str, float] = field(default_factory=lambda: {"pnet": 0.6, "rnet": 0.6, "onet": 0.7})
    smallest: float = 20.0
    spacing: Spacing = MTCNN_SPACING
    proposals: int = 300

    def with_thresholds(self, changed: Mapping[str, float]) -> CascadeDetector:
        """The same, but for the thresholds ``changed``."""
        return replace(self, thresholds={**self.thresholds, **changed})

    def __call__(self, image: NDArray[np.uint8]) -> Found:
        """Search ``image`` ``(height, width, 3)`` uint8 BGR; best first."""
        mipmap = Mipmap(image)
        found = self._propose(mipmap)
        if "rnet" in self.networks:
            found = self._judge(mipmap, found, "rnet")
            found = found.take(nms(found.boxes, found.scores, RNET_NMS))
        if "onet" in self.networks:
            found = self._judge(mipmap, found, "onet")
            found = found.take(nms(found.boxes, found.scores, ONET_NMS, "min"))
        return found

    def _propose(self, mipmap: Mipmap) -> Found:
        pyramid = _pyramid(mipmap.width, mipmap.height, self.smallest, self.spacing)
        if pyramid.empty:
            return Found.nothing()
        outputs = {
            name: value.reshape(-1, value.shape[-1])[pyramid.cells]
            for name, value in run(self.networks["pnet"], pyramid.draw(mipmap)).items()
        }
        scores = probability(outputs["face"])
        hot = np.flatnonzero(scores >= self.thresholds["pnet"])
        kept = hot[pyramid.are_peaks(pyramid.cells[hot], scores[hot])]
        windows = pyramid.windows[kept]
        found = Found(
            regress(windows, outputs["box"][kept]), scores[kept], to_points(windows, outputs["landmarks"][kept])
        )
        return found.take(nms(found.boxes, found.scores, PNET_NMS)[: self.proposals])

    def _judge(self, mipmap: Mipmap, found: Found, name: str) -> Found:
        if not len(found.boxes):
            return found
        windows = squarify(found.boxes)
        crops = mipmap.cut(windows, WINDOW_SIDES[name])[..., ::-1]
        outputs = run(self.networks[name], crops)
        scores = probability(outputs["face"])
        kept = np.flatnonzero(scores >= self.thresholds[name])
        return Found(
            regress(windows[kept], outputs["box"][kept]),
            scores[kept],
            to_points(windows[kept], outputs["landmarks"][kept]),
        )


def run(network: keras.Model, pixels: NDArray[np.uint8]) -> dict[str, Floats]:
    """Run ``network`` on ``pixels`` ``(n, height, width, 3)`` uint8 RGB."""
    parts = [
        network.predict_on_batch((pixels[start : start + _BATCH].astype(np.float32) - MEAN) * np.float32(SCALE))
        for start in range(0, len(pixels), _BATCH)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def probability(logits: Floats) -> Floats:
    """Probability ``(n,)`` of the second of two logits ``(n, 2)``."""
    return 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))


@lru_cache(maxsize=64)
def _pyramid(width: int, height: int, smallest: float, spacing: Spacing) -> Pyramid:
    return Pyramid(width, height, smallest, spacing)
