"""What a recipe's ``dataset`` stands for: the crops, how they are augmented and how often each is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data import eyes, fer2013, ferplus, folder, gesture, leap
from convert.data.classes import LabelledImages
from convert.data.errors import DataError
from convert.data.framing import FRAMINGS
from convert.data.splits import held_out_mask
from convert.training.augment import Augment, make_augment, make_composite
from convert.training.recipe import FOLDER, AugmentTable, Recipe, RecipeError
from convert.training.sampling import sampling_weights


@dataclass(frozen=True)
class Prepared:
    """Everything that a training run needs beside its recipe.

    ``plain`` makes of a training image the crop that the device would see; ``weights`` ``(n,)`` are chances to be
    drawn.  ``soft_targets`` ``(n, classes)`` are what the loss compares with, if that isn't the classes alone.
    """

    train: LabelledImages
    validation: LabelledImages
    augment: Augment
    plain: Augment
    weights: NDArray[np.float64] | None = None
    soft_targets: NDArray[np.float32] | None = None

    def device_crops(self, number: int, size: int, seed: int) -> NDArray[np.uint8]:
        """``(number, size, size, c)`` random training crops as the device sees them: for calibration."""
        rng = np.random.default_rng(seed)
        chosen = rng.choice(len(self.train), number, replace=number > len(self.train), p=self.weights)
        return np.stack([self.plain(self.train.images[i], size, rng) for i in chosen])

    def hold_out(self, share: float, size: int, seed: int) -> tuple[Prepared, LabelledImages]:
        """Without ``share`` of the training groups, and their crops as the device sees them, ``size`` wide."""
        held_out = held_out_mask(self.train.groups, share)
        weights = None if self.weights is None else self.weights[~held_out]
        soft_targets = None if self.soft_targets is None else self.soft_targets[~held_out]
        kept = replace(self, train=self.train.take(~held_out), weights=weights, soft_targets=soft_targets)
        return kept, self.as_on_the_device(self.train.take(held_out), size, seed)

    def as_on_the_device(self, images: LabelledImages, size: int, seed: int) -> LabelledImages:
        """Training ``images`` as the crops that the device would see, ``size`` wide."""
        rng = np.random.default_rng(seed)
        return replace(images, images=np.stack([self.plain(image, size, rng) for image in images.images]))


UNCHANGED = AugmentTable(mirror=False)

Prepare = Callable[[Recipe, Path, int], Prepared]


def prepare(recipe: Recipe, data: Path, seed: int) -> Prepared:
    """Read the recipe's data set from the folder ``data``.

    Raises:
        RecipeError: the data set is unknown, or its classes aren't the recipe's.
        DataError: the folder doesn't hold it.
    """
    if recipe.dataset not in DATASETS:
        raise RecipeError(f"dataset: must be one of {', '.join(sorted(DATASETS))}, received {recipe.dataset!r}")
    if not data.is_dir():
        raise DataError(f"{data}: no such folder; --data names the folder with the unpacked data sets")
    prepared = DATASETS[recipe.dataset](recipe, data, seed)
    if prepared.train.labels != recipe.labels:
        raise RecipeError(
            f"labels: {recipe.dataset} has the classes {list(prepared.train.labels)} in this order, "
            f"received {list(recipe.labels)}"
        )
    empty = [label for label, number in prepared.train.counts().items() if not number]
    if empty:
        raise DataError(f"{data}: no training image of the class {empty[0]!r}; unpack {recipe.dataset} again")
    return prepared


def _prepare_fer2013(recipe: Recipe, data: Path, seed: int) -> Prepared:
    train, validation = fer2013.load(data)
    return _prepared(recipe, train, validation)


def _prepare_ferplus(recipe: Recipe, data: Path, seed: int) -> Prepared:
    train, validation = ferplus.load(data)
    return _prepared(recipe, train, validation)


def _prepare_folder(recipe: Recipe, data: Path, seed: int) -> Prepared:
    table = recipe.folder
    if table is None:
        raise RecipeError(f"the data set {FOLDER!r} needs the table [folder]")
    framing = FRAMINGS[table.crop](recipe.input.size)
    splitting = folder.Splitting(table.held_out_share, table.split, recipe.held_out, table.person_pattern)
    train, held_out = folder.load(data, recipe.labels, framing, recipe.input.colour, splitting, seed)
    prepared = _prepared(recipe, train, held_out, framing.native_px)
    return replace(prepared, validation=prepared.as_on_the_device(held_out, recipe.input.size, seed))


def _prepare_gesture(recipe: Recipe, data: Path, seed: int) -> Prepared:
    train, validation = gesture.load(data, recipe.input.size, recipe.input.colour, seed)
    backgrounds = gesture.background_pool(train)
    augment, plain = (
        make_composite(table, backgrounds, coverage=gesture.COVERAGE) for table in (recipe.augment, UNCHANGED)
    )
    weights = sampling_weights(train, recipe.sampling) if recipe.sampling else None
    return Prepared(train, validation, augment, plain, weights)


def _prepare_eyes(recipe: Recipe, data: Path, seed: int) -> Prepared:
    train, validation = eyes.load(data, recipe.input.size, seed)
    return _prepared(recipe, train, validation, round(recipe.input.size / eyes.COVERAGE))


def _prepare_leap(recipe: Recipe, data: Path, seed: int) -> Prepared:
    train, validation = leap.load(data, recipe.input.size, recipe.input.colour, recipe.held_out)
    return _prepared(recipe, train, validation)


def _prepared(
    recipe: Recipe, train: LabelledImages, validation: LabelledImages, native_size: int | None = None
) -> Prepared:
    """For training images of which the device's crop is the middle.

    ``native_size`` is a whole image's side in the device's pixels; the whole crop's, if not given.
    """
    native_size = native_size or recipe.input.whole
    augment, plain = (make_augment(table, native_size=native_size) for table in (recipe.augment, UNCHANGED))
    weights = sampling_weights(train, recipe.sampling) if recipe.sampling else None
    prepared = Prepared(train, validation, augment, plain, weights)
    if not recipe.input.margin:
        return prepared
    return replace(prepared, validation=prepared.as_on_the_device(validation, recipe.input.size, seed=0))


DATASETS: dict[str, Prepare] = {
    "eyes": _prepare_eyes,
    "fer2013": _prepare_fer2013,
    "ferplus": _prepare_ferplus,
    FOLDER: _prepare_folder,
    "gesture": _prepare_gesture,
    "leap": _prepare_leap,
}
