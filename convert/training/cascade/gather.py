"""Gathers the windows that one stage is trained on, from all sources."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import cv2
import numpy as np
from tqdm import tqdm

from convert.data.scenes import Scene
from convert.networks.cascade import WINDOW_SIDES
from convert.training.cascade.detect import CascadeDetector
from convert.training.cascade.draw import background, near_objects, read_rgb
from convert.training.cascade.mine import mine
from convert.training.cascade.recipe import SourceTable, StageTable
from convert.training.cascade.samples import NEGATIVE, PART, POSITIVE, Samples
from convert.training.scenes.sources import Source

log = logging.getLogger(__name__)


def gather(
    name: str,
    stage: StageTable,
    sources: list[Source[SourceTable]],
    detector: CascadeDetector | None,
    rng: np.random.Generator,
) -> Samples:
    """Draw windows at all objects, and from the background at random or, with ``detector``, where it errs."""
    parts: list[Samples] = []
    for source in sources:
        found = list(_of_source(WINDOW_SIDES[name], stage, source, detector, rng))
        log.info("%s: %s: %s", name, source.name, _counts(found))
        parts += found
    return Samples.join(parts)


def _of_source(
    size: int,
    stage: StageTable,
    source: Source[SourceTable],
    detector: CascadeDetector | None,
    rng: np.random.Generator,
) -> Iterator[Samples]:
    draw = stage.draw.draw(source.table.repeat)
    if detector is not None:
        detector = detector.with_thresholds(source.table.mining_thresholds.given())
    for scene in tqdm(source.train, desc=source.name, unit="picture", disable=None, leave=False):
        image = read_rgb(scene, rng)
        if source.table.repeat:
            yield from near_objects(image, scene, size, draw, rng)
        if detector is None and source.table.background and scene.complete:
            yield background(image, scene, size, source.table.background, size, rng)
        if detector is not None and rng.random() < source.table.share:
            yield from _search(detector, scene, source, size, rng)


def _search(
    detector: CascadeDetector, scene: Scene, source: Source[SourceTable], size: int, rng: np.random.Generator
) -> Iterator[Samples]:
    image = scene.read()
    for zoom in source.table.zooms:
        zoomed = image if zoom == 1 else cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
        yield from mine(detector, zoomed, scene.zoomed(zoom), size, source.table.mined, rng)


def _counts(parts: list[Samples]) -> str:
    kinds = {POSITIVE: "positive", PART: "part", NEGATIVE: "negative"}
    return ", ".join(
        f"{sum(int((part.kind == kind).sum()) for part in parts):,} {word}" for kind, word in kinds.items()
    )
