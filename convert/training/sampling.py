"""How often, and in which order, training crops are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages
from convert.data.errors import DataError
from convert.training.recipe import SamplingTable


def sampling_weights(images: LabelledImages, table: SamplingTable) -> NDArray[np.float64]:
    """``(n,)`` chances that sum to 1: each class has its share, divided among its crops by their sources' weights.

    Raises:
        DataError: a class that has a share has no crop.
    """
    weights = np.array([table.source_weights.get(source, 1.0) for source in images.sources.tolist()])
    totals = np.bincount(images.targets, weights, len(images.labels)).astype(np.float64)
    shares = _class_shares(images.labels, totals, table)
    empty = [label for label, total, share in zip(images.labels, totals, shares, strict=True) if share and not total]
    if empty:
        raise DataError(f"training data: the class {empty[0]!r} has no image, but a share in sampling.class_shares")
    chances = weights * (shares / np.maximum(totals, 1e-12))[images.targets]
    return np.asarray(chances / chances.sum())


def draw(chances: NDArray[np.float64], number: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """``(number,)`` positions in ``chances`` ``(n,)``, in random order.

    Each position is drawn as often as ``number * chances`` says, rounded up or down by chance (systematic sampling,
    Madow, 1949): with equal chances and ``number = n`` each stands once.
    """
    shuffled = rng.permutation(len(chances))
    edges = np.cumsum(chances[shuffled])
    ticks = (rng.random() + np.arange(number)) / number * edges[-1]
    drawn = shuffled[np.minimum(np.searchsorted(edges, ticks, side="right"), len(chances) - 1)]
    return rng.permutation(drawn)


def _class_shares(labels: tuple[str, ...], totals: NDArray[np.float64], table: SamplingTable) -> NDArray[np.float64]:
    if table.class_shares:
        return np.array([table.class_shares[label] for label in labels])
    return np.where(totals > 0, totals ** (1 - table.balance), 0.0)
