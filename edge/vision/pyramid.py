"""The image pyramid, all levels packed in one canvas, so that P-Net runs once a frame (as in dlib's tiled pyramid).

P-Net is fully convolutional with valid padding and stride 2.  Every tile begins on an even pixel, so each cell's
12×12 window either lies within one tile, and sees just what it would see in that level alone, or crosses an edge and
is dropped.  Tiles therefore need no gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.vision.boxes import Boxes
from edge.vision.mipmap import Mipmap

CELL_PX = 12
"""P-Net's window."""

STRIDE_PX = 2
"""The distance of neighbouring windows of P-Net."""

SCALE_STEP = 0.709
"""Each level's size relative to the one before: about half the area (Zhang et al. 2016, MTCNN)."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One level of the pyramid in the canvas: its top left corner (even numbers) and size in pixels."""

    x: int
    y: int
    width: int
    height: int

    def overlaps(self, other: Tile) -> bool:
        beside = self.x >= other.x + other.width or other.x >= self.x + self.width
        above = self.y >= other.y + other.height or other.y >= self.y + self.height
        return not (beside or above)


def level_sizes(width: int, height: int, min_size_px: float) -> list[tuple[int, int]]:
    """``(width, height)`` of each level: at the first a ``min_size_px`` wide object fills P-Net's window.

    Empty if the image is smaller than that.
    """
    largest = CELL_PX / min_size_px
    levels = int(log(min(width, height) * largest / CELL_PX) / -log(SCALE_STEP)) + 1 if min(width, height) > 0 else 0
    scales = [largest * SCALE_STEP**level for level in range(max(levels, 0))]
    sizes = [(round(width * scale), round(height * scale)) for scale in scales]
    return [size for size in sizes if min(size) >= CELL_PX]


def pack(sizes: list[tuple[int, int]]) -> tuple[Tile, ...]:
    """Places for tiles of ``sizes``, largest first, in a canvas as wide as the first, each as high up as it fits."""
    placed: list[Tile] = []
    for width, height in sizes:
        placed.append(_first_fit(width, height, placed, canvas_width=_even(sizes[0][0])))
    return tuple(placed)


def _first_fit(width: int, height: int, placed: list[Tile], canvas_width: int) -> Tile:
    lefts = sorted({0, *(_even(tile.x + tile.width) for tile in placed)})
    tops = sorted({0, *(_even(tile.y + tile.height) for tile in placed)})
    spots = (Tile(x, y, width, height) for y in tops for x in lefts if x + width <= canvas_width)
    return next(spot for spot in spots if not any(spot.overlaps(tile) for tile in placed))


def _even(number: int) -> int:
    return number + number % 2


class Pyramid:
    """The canvas for images of one size, and which window of the image each of P-Net's cells looks at.

    Attributes:
        shape: ``(1, height, width, 3)``, P-Net's input; a multiple of 2.
        cells: ``(n,)`` intp, the flat indices of the cells of P-Net's output map that lie within one tile.
        windows: ``(n, 4)`` float32, their windows in pixels of the image.
        levels: ``(n,)`` int32, their levels.
    """

    def __init__(self, width: int, height: int, min_size_px: float) -> None:
        sizes = level_sizes(width, height, min_size_px)
        self._tiles = pack(sizes)
        self._image_size = (width, height)
        canvas_width = _even(max((tile.x + tile.width for tile in self._tiles), default=CELL_PX))
        canvas_height = _even(max((tile.y + tile.height for tile in self._tiles), default=CELL_PX))
        self.shape = (1, canvas_height, canvas_width, 3)
        self._canvas = np.zeros((canvas_height, canvas_width, 3), dtype=np.uint8)
        self.cells, self.windows, self.levels = self._index_cells()

    @property
    def empty(self) -> bool:
        """Whether the image is too small to hold anything of the smallest size."""
        return not self._tiles

    @property
    def tiles(self) -> tuple[Tile, ...]:
        return self._tiles

    def draw(self, mipmap: Mipmap) -> NDArray[np.uint8]:
        """The image at every level, as RGB ``shape``."""
        for tile in self._tiles:
            mipmap.resize(self._canvas[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width])
        return cv2.cvtColor(self._canvas, cv2.COLOR_BGR2RGB)[None]

    def _index_cells(self) -> tuple[NDArray[np.intp], Boxes, NDArray[np.int32]]:
        map_width = (self.shape[2] - CELL_PX) // STRIDE_PX + 1
        cells, windows = [np.zeros(0, np.intp)], [np.zeros((0, 4), np.float32)]
        for tile in self._tiles:
            rows, columns = np.mgrid[: _cells(tile.height), : _cells(tile.width)].reshape(2, -1)
            cells.append((rows + tile.y // STRIDE_PX) * map_width + columns + tile.x // STRIDE_PX)
            windows.append(self._windows(tile, rows, columns))
        levels = np.repeat(np.arange(len(self._tiles), dtype=np.int32), [len(part) for part in cells[1:]])
        return np.concatenate(cells), np.concatenate(windows), levels

    def _windows(self, tile: Tile, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Boxes:
        width, height = self._image_size
        corners = np.stack([columns, rows, columns, rows], axis=1) * STRIDE_PX + (0, 0, CELL_PX, CELL_PX)
        scale = (width / tile.width, height / tile.height) * 2
        return (corners * scale).astype(np.float32)


def _cells(pixels: int) -> int:
    return (pixels - CELL_PX) // STRIDE_PX + 1
