"""Batches of training canvases with their targets."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.training.detector.canvases import CanvasDrawer
from convert.training.detector.recipe import DetectorRecipe
from convert.training.detector.targets import Targets, make_targets
from convert.training.workers import Ahead

MEAN, SCALE = 127.5, 0.0078125
"""``real = (pixel - MEAN) * SCALE``, as in the bundles' manifests."""


class Batches(keras.utils.PyDataset):
    """``(batch, height, width, 3)`` float32 RGB, and the targets by name, each ``(batch, …)``.

    A batch depends on seed, epoch and its number only: a resumed training sees what an unbroken one would have seen.
    """

    def __init__(self, drawer: CanvasDrawer, recipe: DetectorRecipe, seed: int) -> None:
        super().__init__()
        self._drawer, self._recipe, self._seed = drawer, recipe, seed
        self._ahead = Ahead(self._make)
        self.start_epoch(0)

    def __len__(self) -> int:
        return self._recipe.fit.steps_per_epoch

    def start_epoch(self, epoch: int) -> None:
        """Begin to make the first batches of ``epoch``."""
        self._ahead.start(lambda number: (epoch, number), len(self))

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        pixels, targets = self._ahead.take(index)
        return normalise(pixels), targets

    def close(self) -> None:
        """Stop what makes batches."""
        self._ahead.close()

    def _make(self, epoch: int, index: int) -> tuple[NDArray[np.uint8], dict[str, NDArray[Any]]]:
        rng = np.random.default_rng((self._seed, epoch, index))
        table = self._recipe.canvas
        fit = self._recipe.fit
        last = epoch >= fit.epochs - fit.last_epochs
        canvases = [self._drawer.draw(rng, last=last) for _ in range(fit.batch)]
        targets = [
            make_targets(table.width, table.height, canvas.boxes, canvas.unsure, canvas.incomplete)
            for canvas in canvases
        ]
        pixels = np.stack([canvas.image[..., ::-1] for canvas in canvases])
        return pixels, {name: np.stack([getattr(one, name) for one in targets]) for name in Targets._fields}


def normalise(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels as the real values that the network takes."""
    return (pixels.astype(np.float32) - np.float32(MEAN)) * np.float32(SCALE)
