"""The image pyramid, all levels packed in one canvas, so that P-Net runs once a frame (as in dlib's tiled pyramid).

P-Net is fully convolutional with valid padding and stride 2.  Every tile begins on an even pixel, so each cell's
12×12 window either lies within one tile, and sees just what it would see in that level alone, or crosses an edge and
is dropped.  Tiles therefore need no gap.

A pyramid too large for one canvas of bounded memory is spread over several pages of one fixed size: its large levels
are cut into tiles that overlap by as much as no window gets lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from math import ceil, log
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.values import Image
from edge.vision.boxes import Boxes
from edge.vision.mipmap import Mipmap

CELL_PX = 12
"""P-Net's window."""

STRIDE_PX = 2
"""The distance of neighbouring windows of P-Net."""

LAST_GAP = 0.25
"""The last level may be so many steps further from the one before it, rather than that both are nearly the same."""

PAGE_PX = 512
"""Side of a page, where one is not enough: P-Net then takes about 35 MB; more would not fit small boards."""

GRID_PX = 16
"""A single page's sides are multiples of this, so that images of nearly the same size share one P-Net."""

_OVERLAP_PX = CELL_PX - STRIDE_PX

_NEIGHBOURS = np.ones((3, 3), np.uint8)

Size = tuple[int, int]
"""``(width, height)`` in pixels."""


class Spacing(NamedTuple):
    """How the levels follow each other: what P-Net has learned decides it.

    Each level is ``step`` times as large as the one before.  At the first the smallest object fills ``fill`` of
    P-Net's window; what lies between two levels fills up to ``fill / step`` of it.
    """

    step: float
    fill: float


MTCNN_SPACING = Spacing(0.709, 1.0)
"""About half the area, and no object smaller than the window (Zhang et al. 2016, MTCNN)."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a level, ``left, top, width, height`` in pixels of the level; all four but the sizes are even."""

    level: int
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tile's top left corner lies; even numbers."""

    page: int
    x: int
    y: int


def level_sizes(width: int, height: int, min_size_px: float, spacing: Spacing = MTCNN_SPACING) -> list[Size]:
    """The size of each level, from that for objects of ``min_size_px`` to that where the image is one window wide.

    Empty if the image is smaller than such an object, or than P-Net's window.
    """
    shorter = min(width, height)
    if shorter < max(min_size_px, CELL_PX):
        return []
    last = CELL_PX / shorter
    first = max(spacing.fill * CELL_PX / min_size_px, last)
    levels = ceil(log(last / first) / log(spacing.step) - LAST_GAP)
    scales = [*(first * spacing.step**level for level in range(levels)), last]
    return [(round(width * scale), round(height * scale)) for scale in scales]


def cut(sizes: list[Size], most_px: int) -> list[Tile]:
    """Tiles of at most ``most_px`` (even) a side that hold each window of each level exactly once."""
    return [
        Tile(level, left, top, min(most_px, width - left), min(most_px, height - top))
        for level, (width, height) in enumerate(sizes)
        for top in range(0, height - _OVERLAP_PX - 1, most_px - _OVERLAP_PX)
        for left in range(0, width - _OVERLAP_PX - 1, most_px - _OVERLAP_PX)
    ]


def pack(tiles: list[Tile], page: Size) -> list[Place]:
    """A place for each tile on pages of one size: on the first page with room, as high up and left as possible."""
    pages: list[_Page] = []
    places = []
    for tile in tiles:
        for number in count():
            if number == len(pages):
                pages.append(_Page(page))
            if spot := pages[number].place(tile):
                places.append(Place(number, *spot))
                break
    return places


class _Page:
    """One page, and what is taken on it as ``x1, y1, x2, y2``, rounded up to even."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._taken: list[tuple[int, int, int, int]] = []

    def place(self, tile: Tile) -> tuple[int, int] | None:
        """Take the first free spot for ``tile``; ``None`` if there is none."""
        width, height = self._size
        for y in sorted({0, *(y2 for _, _, _, y2 in self._taken)}):
            for x in sorted({0, *(x2 for _, _, x2, _ in self._taken)}):
                x2, y2 = x + tile.width, y + tile.height
                if x2 <= width and y2 <= height and self._is_free(x, y, x2, y2):
                    self._taken.append((x, y, _round_up(x2, 2), _round_up(y2, 2)))
                    return x, y
        return None

    def _is_free(self, x1: int, y1: int, x2: int, y2: int) -> bool:
        return all(x1 >= right or x2 <= left or y1 >= low or y2 <= top for left, top, right, low in self._taken)


class Pyramid:
    """The canvas for images of one size, and which window of the image each of P-Net's cells looks at.

    Attributes:
        shape: ``(pages, height, width, 3)``; a single page unless the pyramid is larger than :data:`PAGE_PX` squared.
        cells: ``(n,)`` intp, flat indices into P-Net's output maps, page after page, of the cells within one tile.
        windows: ``(n, 4)`` float32, their windows in pixels of the image.
    """

    def __init__(self, width: int, height: int, min_size_px: float, spacing: Spacing = MTCNN_SPACING) -> None:
        self._image_size = (width, height)
        self._sizes = level_sizes(width, height, min_size_px, spacing)
        self.tiles, self.places, page = _lay_out(self._sizes)
        pages = 1 + max((place.page for place in self.places), default=0)
        self.shape = (pages, page[1], page[0], 3)
        self._canvas = np.zeros(self.shape, dtype=np.uint8)
        self.cells, self.windows = self._index_cells()
        self._maps = np.full((pages, _cells(page[1]), _cells(page[0])), -np.inf, np.float32)
        self._around = np.empty_like(self._maps)
        self._indices = np.full(self._maps.size, -1, np.int32)
        self._indices[self.cells] = np.arange(len(self.cells))

    @property
    def empty(self) -> bool:
        """Whether the image is too small to hold anything of the smallest size."""
        return not self._sizes

    def index_of(self, cells: NDArray[np.intp]) -> NDArray[np.int32]:
        """For each of P-Net's ``cells``, its index in :attr:`windows`; -1 if it crosses a tile's edge."""
        return self._indices[cells]

    def are_peaks(self, cells: NDArray[np.intp], scores: NDArray[np.float32]) -> NDArray[np.bool_]:
        """For each of some ``cells``, all within tiles, whether none of its eight neighbours among them scores higher.

        Windows of one level overlap by more than half just with these neighbours: it is what a non-maximum suppression
        at 0.5 leaves, less what stands beside a suppressed one, in time that does not grow with the square of cells.
        """
        self._maps.reshape(-1)[cells] = scores
        for page, around in zip(self._maps, self._around, strict=True):
            cv2.dilate(page, _NEIGHBOURS, around)
        self._maps.reshape(-1)[cells] = -np.inf
        return scores >= self._around.reshape(-1)[cells]

    def draw(self, mipmap: Mipmap) -> NDArray[np.uint8]:
        """The image at every level, as RGB pixels of ``shape``."""
        cut_up: dict[int, Image] = {}
        for tile, place in zip(self.tiles, self.places, strict=True):
            part = self._canvas[place.page, place.y : place.y + tile.height, place.x : place.x + tile.width]
            size = self._sizes[tile.level]
            if size == (tile.width, tile.height):
                mipmap.resized(*size, part)
            else:
                level = cut_up.get(tile.level)
                if level is None:
                    level = cut_up[tile.level] = mipmap.resized(*size)
                part[:] = level[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
        pages, height, width, _ = self.shape
        return cv2.cvtColor(self._canvas.reshape(pages * height, width, 3), cv2.COLOR_BGR2RGB).reshape(self.shape)

    def _index_cells(self) -> tuple[NDArray[np.intp], Boxes]:
        map_height, map_width = _cells(self.shape[1]), _cells(self.shape[2])
        cells, windows = [np.zeros(0, np.intp)], [np.zeros((0, 4), np.float32)]
        for tile, place in zip(self.tiles, self.places, strict=True):
            rows, columns = np.mgrid[: _cells(tile.height), : _cells(tile.width)].reshape(2, -1)
            map_rows = place.page * map_height + place.y // STRIDE_PX + rows
            cells.append(map_rows * map_width + place.x // STRIDE_PX + columns)
            windows.append(self._windows(tile, rows, columns))
        return np.concatenate(cells), np.concatenate(windows)

    def _windows(self, tile: Tile, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Boxes:
        x, y = tile.left + columns * STRIDE_PX, tile.top + rows * STRIDE_PX
        corners = np.stack([x, y, x + CELL_PX, y + CELL_PX], axis=1)
        (width, height), (level_width, level_height) = self._image_size, self._sizes[tile.level]
        return (corners * ((width / level_width, height / level_height) * 2)).astype(np.float32)


def _lay_out(sizes: list[Size]) -> tuple[list[Tile], list[Place], Size]:
    """Tiles, their places, and the size of a page: a single one as small as it can be, or as many as it takes."""
    if not sizes:
        return [], [], (GRID_PX, GRID_PX)
    whole_levels = [Tile(level, 0, 0, *size) for level, size in enumerate(sizes)]
    places, (width, height) = min((_stack(whole_levels, width) for width in _page_widths(sizes)), key=_area)
    if width * height <= PAGE_PX**2:
        return whole_levels, places, (width, height)
    tiles = sorted(cut(sizes, PAGE_PX), key=lambda tile: -tile.height)
    return tiles, pack(tiles, (PAGE_PX, PAGE_PX)), (PAGE_PX, PAGE_PX)


def _page_widths(sizes: list[Size]) -> range:
    """From that of the largest level to that of the two largest side by side."""
    widest = sum(_round_up(width, 2) for width, _ in sizes[:2])
    return range(_round_up(sizes[0][0], GRID_PX), _round_up(widest, GRID_PX) + 1, GRID_PX)


def _stack(levels: list[Tile], width: int) -> tuple[list[Place], Size]:
    """Places for ``levels`` on one page of ``width``, and the page's size."""
    places = pack(levels, (width, sum(_round_up(level.height, 2) for level in levels)))
    bottom = max(place.y + level.height for level, place in zip(levels, places, strict=True))
    return places, (width, _round_up(bottom, GRID_PX))


def _area(stacked: tuple[list[Place], Size]) -> int:
    _, (width, height) = stacked
    return width * height


def _cells(pixels: int) -> int:
    """How many windows fit in so many pixels."""
    return (pixels - CELL_PX) // STRIDE_PX + 1


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
