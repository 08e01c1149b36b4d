"""A tiny training: dark and bright squares, which a few steps tell apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from convert.data.classes import LabelledImages
from convert.training.augment import make_augment
from convert.training.datasets import UNCHANGED, Prepared
from convert.training.recipe import Recipe

CROPS = 64


def make_recipe(**optimiser: Any) -> Recipe:
    """A recipe for grey squares of 12 pixels, with whatever leaves random states behind."""
    table = {"epochs": 3, "batch": 8, "rate": 0.05, "precision": "float32", "average_momentum": 0.5}
    return Recipe.model_validate(
        {
            "task": "eyes",
            "dataset": "made-up",
            "labels": ["closed", "open"],
            "input": {"size": 12, "train_size": 10, "colour": "grey"},
            "network": {"stem_width": 4, "stages": [{"width": 4, "blocks": 1}], "dropout": 0.3},
            "optimiser": table | optimiser,
            "augment": {"shift": 0.1, "contrast": 0.2},
            "sampling": {"balance": 0.5},
        }
    )


def make_crops() -> LabelledImages:
    """One bright square to two dark ones, each of its own group."""
    rng = np.random.default_rng(0)
    targets = (np.arange(CROPS) % 3 == 0).astype(np.int64)
    noise = rng.integers(0, 140, (CROPS, 12, 12, 1), dtype=np.uint8)
    images = noise + (targets * 60).astype(np.uint8)[:, None, None, None]
    names = np.array([str(i) for i in range(CROPS)])
    return LabelledImages(("closed", "open"), images, targets, names, names)


def make_prepared(recipe: Recipe) -> Prepared:
    """The squares to train on and, as they are, to judge by."""
    from convert.training.sampling import sampling_weights

    crops = make_crops()
    augment, plain = (make_augment(table, native_size=12) for table in (recipe.augment, UNCHANGED))
    weights = sampling_weights(crops, recipe.sampling) if recipe.sampling else None
    return Prepared(crops, crops, augment, plain, weights)
