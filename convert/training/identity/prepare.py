"""The crops of a recipe's people: those to train on, and those whose pairs judge."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from convert.data.classes import LabelledImages, concatenate
from convert.data.cutting import Picture, cut_out
from convert.data.errors import DataError
from convert.data.framing import CentralFace, EveryPortrait, Framing, WholePicture
from convert.data.groups import person, photo_group
from convert.data.people import PeopleSplit, at_most, find_people, listed_names, photos_of, split_people
from convert.data.pictures import all_image_files
from convert.data.splits import disjoint
from convert.evaluate.pairs import Pair, read_pairs
from convert.training.augment import make_augment
from convert.training.datasets import UNCHANGED, Prepared
from convert.training.identity.pairs import PhotoPairs, draw_pairs, listed_pairs
from convert.training.identity.recipe import IdentityRecipe
from convert.training.recipe import RecipeError

log = logging.getLogger(__name__)

MOST_VALIDATION_PHOTOS = 2000
MOST_PHOTOS_EACH = 10
"""Photos of one person that validate."""

NOBODY = -1
"""The target of a face without a name."""


@dataclass(frozen=True)
class PreparedPeople(Prepared):
    """``pairs`` of the crops that validate."""

    pairs: PhotoPairs = field(default_factory=lambda: draw_pairs(np.zeros(0, np.int64)))


def prepare_people(recipe: IdentityRecipe, data: Path, seed: int, most: int | None = None) -> PreparedPeople:
    """Read the recipe's folder of people below ``data``, ``most`` training photos of it at most.

    With a table ``[teacher]`` its photos without names are added, and all training crops have the margin that the
    teacher sees.  All are held in memory: 112 pixels take 37 KB each.

    Raises:
        DataError: no folder of people, too few of them or of their photos, or too many damaged ones.
        RecipeError: the list of pairs has no such fold.
    """
    folder = data / recipe.people.folder
    listed = _listed(recipe, folder)
    split = _split(recipe, folder, listed, seed)
    colour = recipe.input.colour
    labelled = cut_out(folder, _some(split.train, most, seed), split.names, _framing(recipe, recipe.margin), colour)
    judges = sorted({picture.label for picture in split.validation})
    validation = cut_out(folder, split.validation, judges, _framing(recipe), colour)
    train, validation = disjoint(str(folder), (labelled, validation))
    if max(np.bincount(validation.targets)) < 2:
        raise DataError(f"{folder}: nobody who validates has two photos, so that there are no pairs; add photos")
    pairs = listed_pairs(listed, validation.groups.tolist()) if listed else draw_pairs(validation.targets)
    if most is None:
        train = concatenate([train, *_unlabelled(recipe, data, set(judges), train)])
    shown = recipe.input.train_size
    return PreparedPeople(
        train,
        validation,
        augment=make_augment(recipe.augment, native_size=shown),
        plain=make_augment(UNCHANGED, native_size=shown),
        pairs=pairs,
    )


def _listed(recipe: IdentityRecipe, folder: Path) -> list[Pair]:
    """The pairs of the recipe's folds; none without such."""
    table = recipe.people
    if table.pairs is None:
        return []
    pairs = read_pairs(folder / table.pairs, folder)
    missing = set(table.folds) - {pair.fold for pair in pairs}
    if missing:
        raise RecipeError(f"people.folds: {folder / table.pairs} has no fold {min(missing)}; they count from 0")
    return [pair for pair in pairs if pair.fold in table.folds]


def _split(recipe: IdentityRecipe, folder: Path, listed: list[Pair], seed: int) -> PeopleSplit:
    table = recipe.people
    without = listed_names(folder / table.without) if table.without else set()
    people = find_people(folder, table.least_photos, without)
    if listed:
        photos = sorted({photo for pair in listed for photo in (pair.first, pair.second)})
        return photos_of(people, photos)
    split = split_people(people, table.held_out_share, table.split, seed)
    return replace(split, validation=at_most(split.validation, MOST_VALIDATION_PHOTOS, MOST_PHOTOS_EACH))


def _some(pictures: list[Picture], most: int | None, seed: int) -> list[Picture]:
    if most is None or len(pictures) <= most:
        return pictures
    chosen = np.random.default_rng(seed).choice(len(pictures), most, replace=False)
    return [pictures[position] for position in sorted(chosen.tolist())]


def _unlabelled(
    recipe: IdentityRecipe, data: Path, held_out: Collection[str], train: LabelledImages
) -> list[LabelledImages]:
    """The faces of the photos without names, less those whose file names say that they show somebody ``held_out``."""
    found = []
    for name in recipe.teacher.unlabelled if recipe.teacher else ():
        files = [file for file in all_image_files(data / name) if person(file.stem) not in held_out]
        pictures = [Picture(file, "", photo_group(file)) for file in files]
        faces = cut_out(
            data / name, pictures, ("",), EveryPortrait(recipe.input.size, recipe.margin), recipe.input.colour
        )
        found.append(replace(faces, labels=train.labels, targets=np.full(len(faces), NOBODY, np.int64)))
        log.info("%s: %d faces without names", data / name, len(faces))
    return found


def _framing(recipe: IdentityRecipe, margin: int = 0) -> Framing:
    size = recipe.input.size
    return CentralFace(size, margin) if recipe.people.crop == "faces" else WholePicture(size)
