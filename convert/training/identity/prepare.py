"""The crops of a recipe's people: those to train on, and those whose pairs judge."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convert.data.cutting import cut_out
from convert.data.errors import DataError
from convert.data.framing import CentralFace, Framing, WholePicture
from convert.data.people import PeopleSplit, at_most, find_people, listed_names, split_people
from convert.data.splits import disjoint
from convert.training.augment import make_augment
from convert.training.datasets import UNCHANGED, Prepared
from convert.training.identity.recipe import IdentityRecipe

MOST_VALIDATION_PHOTOS = 2000
MOST_PHOTOS_EACH = 10
"""Photos of one person that validate."""


def prepare_people(recipe: IdentityRecipe, data: Path, seed: int, most: int | None = None) -> Prepared:
    """Read the folder of people ``data``, ``most`` training photos of it at most.

    All crops are held in memory: 112 pixels take 37 KB each.

    Raises:
        DataError: no folder of people, too few of them or of their photos, or too many damaged ones.
    """
    split = _split(recipe, data, seed)
    train = split.train
    if most is not None and len(train) > most:
        chosen = np.random.default_rng(seed).choice(len(train), most, replace=False)
        train = [train[position] for position in sorted(chosen.tolist())]
    validation = at_most(split.validation, MOST_VALIDATION_PHOTOS, MOST_PHOTOS_EACH)
    framing = _framing(recipe)
    colour = recipe.input.colour
    parts = disjoint(
        str(data),
        (
            cut_out(data, train, split.names, framing, colour),
            cut_out(data, validation, sorted({picture.label for picture in validation}), framing, colour),
        ),
    )
    if max(np.bincount(parts[1].targets)) < 2:
        raise DataError(f"{data}: nobody who validates has two photos, so that there are no pairs; add photos")
    size = recipe.input.size
    return Prepared(
        *parts,
        augment=make_augment(recipe.augment, native_size=size),
        plain=make_augment(UNCHANGED, native_size=size),
    )


def _split(recipe: IdentityRecipe, data: Path, seed: int) -> PeopleSplit:
    table = recipe.people
    without = listed_names(data / table.without) if table.without else set()
    people = find_people(data, table.least_photos, without)
    return split_people(people, table.held_out_share, table.split, seed)


def _framing(recipe: IdentityRecipe) -> Framing:
    return CentralFace(recipe.input.size) if recipe.people.crop == "faces" else WholePicture(recipe.input.size)
