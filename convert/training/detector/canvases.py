"""Training canvases: one picture, or a mosaic of several (Bochkovskiy et al., 2020, YOLOv4), with their boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from convert.data.scenes import Floats, no_boxes
from convert.training.augment import change_pixels
from convert.training.detector.recipe import CanvasTable
from convert.training.detector.tiles import Annotated, draw_tile
from convert.training.recipe import PixelsTable
from edge.values import Image


@dataclass(frozen=True)
class Canvas:
    """``image`` ``(h, w, 3)`` uint8 BGR with the ``boxes`` ``(n, 4)`` of its objects, in pixels.

    ``unsure`` ``(m, 4)``: regions that may be objects or not; ``incomplete`` ``(k, 4)``: regions in which an object
    may lack its box.
    """

    image: Image
    boxes: Floats
    unsure: Floats
    incomplete: Floats


class CanvasDrawer:
    """Draws canvases of ``pictures``, each picture as often as its ``chances`` ``(n,)`` say."""

    def __init__(
        self, pictures: Sequence[Annotated], chances: NDArray[np.float64], table: CanvasTable, pixels: PixelsTable
    ) -> None:
        self._pictures, self._table, self._pixels = pictures, table, pixels
        self._cumulated = np.cumsum(chances / chances.sum())

    def draw(self, rng: np.random.Generator, *, last: bool = False) -> Canvas:
        """One canvas, as in the ``last`` epochs or before; what it shows depends on ``rng`` alone."""
        table = self._table
        tilings = table.last_tilings if last else table.tilings
        columns, rows = _cuts(table.width, _tiles(tilings, rng), rng), _cuts(table.height, _tiles(tilings, rng), rng)
        canvas = np.empty((table.height, table.width, 3), np.uint8)
        boxes, unsure, incomplete = [no_boxes()], [no_boxes()], [no_boxes()]
        for top, bottom in pairwise(rows):
            for left, right in pairwise(columns):
                tile = draw_tile(self._picture(rng), right - left, bottom - top, table, rng)
                canvas[top:bottom, left:right] = tile.image
                corner = np.array([left, top, left, top], np.float32)
                boxes.append(tile.boxes + corner)
                unsure.append(tile.unsure + corner)
                if not tile.complete:
                    incomplete.append(np.array([[left, top, right, bottom]], np.float32))
        drawn = Canvas(canvas, *(np.concatenate(parts) for parts in (boxes, unsure, incomplete)))
        return replace(drawn, image=change_pixels(canvas, self._pixels, rng))

    def _picture(self, rng: np.random.Generator) -> Annotated:
        index = int(np.searchsorted(self._cumulated, rng.random(), side="right"))
        return self._pictures[min(index, len(self._pictures) - 1)]


def _tiles(tilings: Mapping[int, float], rng: np.random.Generator) -> int:
    chances = np.array(list(tilings.values()))
    return int(rng.choice(list(tilings), p=chances / chances.sum()))


def _cuts(length: int, tiles: int, rng: np.random.Generator) -> list[int]:
    """Where ``tiles`` of random sizes, none less than half of its share, begin and end."""
    sizes = rng.uniform(0.5, 1.5, tiles)
    return [0, *np.round(np.cumsum(sizes / sizes.sum()) * length).astype(int).tolist()]
