"""Gathers the windows that one stage is trained on, from all sources."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from tqdm import tqdm

from convert.data.scenes import Scene
from convert.networks.cascade import WINDOW_SIDES
from convert.training.cascade.draw import background, near_objects, read_rgb
from convert.training.cascade.mine import mine
from convert.training.cascade.recipe import DrawTable, SourceTable
from convert.training.cascade.samples import NEGATIVE, PART, POSITIVE, Samples
from convert.training.scenes.judge import Search
from convert.training.scenes.sources import Source

log = logging.getLogger(__name__)

SearchOf = Callable[[SourceTable], Search | None]
"""What searches the pictures of a source; none before the first stage."""


def gather(
    name: str,
    draw: DrawTable,
    sources: list[Source[SourceTable]],
    search_of: SearchOf,
    rng: np.random.Generator,
) -> Samples:
    """Draw windows at all objects, and from the background at random or, with a search, where it errs."""
    parts: list[Samples] = []
    for source in sources:
        found = list(_of_source(WINDOW_SIDES[name], draw, source, search_of(source.table), rng))
        log.info("%s: %s: %s", name, source.name, _counts(found))
        parts += found
    return Samples.join(parts)


def _of_source(
    size: int, table: DrawTable, source: Source[SourceTable], search: Search | None, rng: np.random.Generator
) -> Iterator[Samples]:
    draw = table.draw(source.table.repeat)
    for scene in tqdm(source.train, desc=source.name, unit="picture", disable=None, leave=False):
        image = read_rgb(scene, rng)
        if source.table.repeat:
            yield from near_objects(image, scene, size, draw, rng)
        if search is None and source.table.background and scene.complete:
            yield background(image, scene, size, source.table.background, size, rng)
        if search is not None and rng.random() < source.table.share:
            yield from _mined(search, scene, source, size, rng)


def _mined(
    search: Search, scene: Scene, source: Source[SourceTable], size: int, rng: np.random.Generator
) -> Iterator[Samples]:
    image = scene.read()
    for zoom in source.table.zooms:
        zoomed = image if zoom == 1 else cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
        yield from mine(search, zoomed, scene.zoomed(zoom), size, source.table.mined, rng)


def _counts(parts: list[Samples]) -> str:
    kinds = {POSITIVE: "positive", PART: "part", NEGATIVE: "negative"}
    return ", ".join(
        f"{sum(int((part.kind == kind).sum()) for part in parts):,} {word}" for kind, word in kinds.items()
    )
