"""How often each training crop is drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convert.data.classes import DataError, LabelledImages
from convert.training.recipe import SamplingTable


def sampling_weights(images: LabelledImages, table: SamplingTable) -> NDArray[np.float64]:
    """``(n,)`` chances that sum to 1: each class has its share, divided among its crops by their sources' weights.

    Raises:
        DataError: a class that has a share has no crop.
    """
    weights = np.array([table.source_weights.get(source, 1.0) for source in images.sources.tolist()])
    totals = np.bincount(images.targets, weights, len(images.labels))
    shares = np.array([table.class_shares[label] for label in images.labels])
    empty = [label for label, total, share in zip(images.labels, totals, shares, strict=True) if share and not total]
    if empty:
        raise DataError(f"training data: the class {empty[0]!r} has no image, but a share in sampling.class_shares")
    chances = weights * (shares / np.maximum(totals, 1e-12))[images.targets]
    return chances / chances.sum()
