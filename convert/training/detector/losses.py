"""The detector's loss: where centres are, and how well the boxes around them fit."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

MAX_LOG_DISTANCE = 5.0
"""Logarithms of distances are cut here: 150 cells are more than any canvas has."""


def focal_loss(logits: Any, heat: Any, background: Any) -> Any:
    """CenterNet's focal loss (Zhou et al., 2019, eq. 1) summed over all cells; all arguments of one shape.

    ``heat`` is 1 in a centre; elsewhere a cell counts by its ``background`` and by (1 - heat)⁴.
    """
    probability = ops.sigmoid(logits)
    centre = ops.cast(heat >= 1, logits.dtype)
    missed = centre * ops.square(1 - probability) * ops.softplus(-logits)
    false = (1 - centre) * background * ops.power(1 - heat, 4) * ops.square(probability) * ops.softplus(logits)
    return ops.sum(missed + false)


def giou_loss(distances: Any, edges: Any) -> Any:
    """1 - GIoU (Rezatofighi et al., 2019) of each cell, ``(b, rows, columns)``.

    ``distances`` ``(b, rows, columns, 4)`` are logarithms as the network gives them, ``edges`` the true x1, y1, x2, y2
    in cells.
    """
    rows, columns = distances.shape[1:3]
    x = ops.arange(columns, dtype="float32")[None, None, :] + 0.5
    y = ops.arange(rows, dtype="float32")[None, :, None] + 0.5
    left, top, right, bottom = (ops.exp(ops.minimum(distances[..., i], MAX_LOG_DISTANCE)) for i in range(4))
    x1, y1, x2, y2 = x - left, y - top, x + right, y + bottom
    true_x1, true_y1, true_x2, true_y2 = (edges[..., i] for i in range(4))
    width = ops.maximum(ops.minimum(x2, true_x2) - ops.maximum(x1, true_x1), 0)
    height = ops.maximum(ops.minimum(y2, true_y2) - ops.maximum(y1, true_y1), 0)
    common = width * height
    union = (x2 - x1) * (y2 - y1) + (true_x2 - true_x1) * (true_y2 - true_y1) - common + 1e-6
    hull = (ops.maximum(x2, true_x2) - ops.minimum(x1, true_x1)) * (
        ops.maximum(y2, true_y2) - ops.minimum(y1, true_y1)
    ) + 1e-6
    return 1 - common / union + (hull - union) / hull


class Trainer(keras.Model):
    """Wraps the network with its loss."""

    def __init__(self, network: keras.Model, box_weight: float) -> None:
        """Train ``network``, whose outputs are ``heat`` and ``box``; the loss of the boxes counts ``box_weight``."""
        super().__init__(name=f"{network.name}_trainer")
        self.network, self._box_weight = network, box_weight
        self._means = {name: keras.metrics.Mean(name=name) for name in ("heat", "box")}

    def call(self, images: Any, training: bool | None = None) -> Any:
        """Give the network's outputs."""
        return self.network(images, training=training)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Sum the two losses, a mean over the objects each."""
        objects = ops.maximum(ops.sum(ops.cast(y["heat"] >= 1, "float32")), 1.0)
        heat = focal_loss(y_pred["heat"][..., 0], y["heat"], y["background"]) / objects
        box = ops.sum(giou_loss(y_pred["box"], y["edges"]) * y["shares"]) / objects
        self._means["heat"].update_state(heat)
        self._means["box"].update_state(box)
        return heat + self._box_weight * box
