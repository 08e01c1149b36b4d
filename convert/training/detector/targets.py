"""What the network should say of a canvas (Liu et al., 2020, *Training-Time-Friendly Network*, TTFNet).

An object is a Gaussian bump around its centre, whose width follows the object's.  The centre's cell is the object;
cells near it are punished less for saying so, and those within the bump learn the distances to the object's edges.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convert.data.scenes import Floats
from edge.vision.boxes import Boxes
from edge.vision.heatmap import STRIDE_PX

BUMP = 0.54
"""Side of a bump, in sides of the object (TTFNet's alpha)."""

LEAST_DEVIATION = 1 / 6
"""Of a bump, in cells: that of a bump of one cell, whose side is six deviations."""

DOUBT = 0.25
"""Weight of the background where an object may lack its box."""


class Targets(NamedTuple):
    """Of one canvas, by cells ``(rows, columns)``, all float32.

    ``heat``: 1 in a centre, less around it, 0 elsewhere; ``background``: how much a cell counts as empty, apart from
    its bump; ``edges`` ``(rows, columns, 4)``: x1, y1, x2, y2 of the object whose bump the cell lies in, in cells;
    ``shares``: how much the cell's edges count; those of one object add up to 1.
    """

    heat: Floats
    background: Floats
    edges: Floats
    shares: Floats


def make_targets(width: int, height: int, boxes: Boxes, unsure: Boxes, incomplete: Boxes) -> Targets:
    """The targets of a canvas of ``width`` × ``height`` pixels; boxes ``(n, 4)`` in pixels of it."""
    rows, columns = height // STRIDE_PX, width // STRIDE_PX
    heat, background = np.zeros((rows, columns), np.float32), np.ones((rows, columns), np.float32)
    edges, shares = np.zeros((rows, columns, 4), np.float32), np.zeros((rows, columns), np.float32)
    for region in incomplete / STRIDE_PX:
        background[_within(region)] = DOUBT
    for region in unsure / STRIDE_PX:
        background[_within(region)] = 0
    cells = boxes / np.float32(STRIDE_PX)
    for box in cells[np.argsort(-np.prod(cells[:, 2:] - cells[:, :2], axis=1))]:  # of two, a cell learns the smaller
        bump, inside = _bump(box, rows, columns)
        np.maximum(heat, bump, out=heat)
        edges[inside] = box
        shares[inside] = bump[inside] / bump[inside].sum()
    return Targets(heat, background, edges, shares)


def _bump(box: Floats, rows: int, columns: int) -> tuple[Floats, np.ndarray]:
    """The bump of a box ``(4,)`` in cells, 1 in its centre's cell, and which cells learn its edges."""
    centre, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    column, row = np.clip(centre.astype(int), 0, (columns - 1, rows - 1))
    deviation = np.maximum(BUMP * size / 6, LEAST_DEVIATION)
    x, y = (np.arange(columns) - column) / deviation[0], (np.arange(rows) - row) / deviation[1]
    bump = np.exp(-(x**2 + y[:, None] ** 2) / 2).astype(np.float32)
    near = (np.abs(x) <= 3) & (np.abs(y[:, None]) <= 3)
    bump[~near] = 0
    middle_x, middle_y = np.arange(columns) + 0.5, np.arange(rows)[:, None] + 0.5
    inside = (middle_x > box[0]) & (middle_x < box[2]) & (middle_y > box[1]) & (middle_y < box[3])
    chosen = near & inside
    chosen[row, column] = True
    return bump, chosen


def _within(region: Floats) -> tuple[slice, slice]:
    """The cells that a region ``(4,)``, in cells, touches."""
    x1, y1 = np.floor(region[:2]).astype(int)
    x2, y2 = np.ceil(region[2:]).astype(int)
    return slice(max(y1, 0), max(y2, 0)), slice(max(x1, 0), max(x2, 0))
