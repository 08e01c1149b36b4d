"""What a network is fed: augmented batches, made ahead of need, and plain ones to judge it on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.training.augment import Augment
from convert.training.recipe import BaseRecipe
from convert.training.sampling import draw
from convert.training.workers import Ahead

Batch = tuple[NDArray[np.float32], NDArray[Any]]

Encode = Callable[[NDArray[np.int64], int], NDArray[Any]]
"""``encode(targets (n,), classes)``."""


def one_hot(targets: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """``(n,)`` indices → ``(n, classes)``."""
    return np.eye(classes, dtype=np.float32)[targets]


class Batches(keras.utils.PyDataset):
    """Augmented ``(b, size, size, c)`` float32, and the classes as the loss takes them: by default ``(b, classes)``.

    A batch depends on seed, epoch and its number only, not on what was read before it: a resumed training sees what
    an unbroken one would have seen.
    """

    def __init__(
        self,
        images: LabelledImages,
        recipe: BaseRecipe,
        augment: Augment,
        seed: int,
        weights: NDArray[np.float64] | None = None,
        encode: Encode = one_hot,
        soft_targets: NDArray[np.float32] | None = None,
    ) -> None:
        """``weights`` ``(n,)``: the crops' chances to be drawn; without them all are drawn alike.

        ``encode`` makes of a batch's classes what the loss takes; ``soft_targets`` ``(n, …)`` are that already.
        """
        super().__init__()
        self._encode, self._soft_targets = encode, soft_targets
        self._images, self._recipe, self._augment, self._seed = images, recipe, augment, seed
        self._chances = np.ones(len(images)) if weights is None else weights
        self._samples = recipe.optimiser.samples_per_epoch or len(images)
        self._ahead = Ahead(self._make)
        self.start_epoch(0)

    def __len__(self) -> int:
        return self._samples // self._recipe.optimiser.batch

    @property
    def waited_seconds(self) -> float:
        """How long batches of this epoch weren't ready when they were asked for.

        On the torch and JAX backends the training waits for just as long; on TensorFlow, which reads ahead itself,
        at most as long.
        """
        return self._ahead.waited_seconds

    def start_epoch(self, epoch: int) -> None:
        """Draw the order of ``epoch``'s crops, and begin to make its first batches."""
        self._order = draw(self._chances, self._samples, np.random.default_rng((self._seed, epoch)))
        self._ahead.start(lambda number: (epoch, number, self._chosen(number)), len(self))

    def __getitem__(self, index: int) -> Batch:
        pixels = self._ahead.take(index)
        return normalise(pixels, self._recipe), self._targets(self._chosen(index))

    def close(self) -> None:
        """Stop what makes batches."""
        self._ahead.close()

    def _chosen(self, index: int) -> NDArray[np.int64]:
        batch = self._recipe.optimiser.batch
        return self._order[index * batch : (index + 1) * batch]

    def _make(self, epoch: int, index: int, chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        rng = np.random.default_rng((self._seed, epoch, index))
        size = self._recipe.input.train_size
        return np.stack([self._augment(self._images.images[i], size, rng) for i in chosen])

    def _targets(self, chosen: NDArray[np.int64]) -> NDArray[Any]:
        if self._soft_targets is not None:
            return self._soft_targets[chosen]
        return self._encode(self._images.targets[chosen], len(self._images.labels))


class PlainBatches(keras.utils.PyDataset):
    """Crops as the device sees them, ``(batch, size, size, c)`` float32; the last batch is filled up with zeros.

    Batches of one size can be shared among devices, and are compiled for once.
    """

    def __init__(self, images: LabelledImages, recipe: BaseRecipe, batch: int = 256) -> None:
        """Serve ``images`` in their order."""
        super().__init__()
        self._images, self._recipe, self._batch = images, recipe, batch

    def __len__(self) -> int:
        return -(-len(self._images) // self._batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32]]:
        pixels = self._images.images[index * self._batch : (index + 1) * self._batch]
        filled = np.zeros((self._batch, *pixels.shape[1:]), np.float32)
        filled[: len(pixels)] = normalise(pixels, self._recipe)
        return (filled,)


def normalise(pixels: NDArray[np.uint8], recipe: BaseRecipe) -> NDArray[np.float32]:
    """Pixels as the real values that the network takes."""
    return (pixels.astype(np.float32) - np.float32(recipe.input.mean)) * np.float32(recipe.input.scale)
