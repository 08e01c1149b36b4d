"""Learning from larger or other networks: their probabilities as targets, also for photos that have no labels."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from convert.data.classes import LabelledImages, concatenate
from convert.data.cutting import Picture, cut_out
from convert.data.framing import EveryFace
from convert.data.pictures import all_image_files
from convert.training.batches import PlainBatches, one_hot
from convert.training.datasets import Prepared
from convert.training.finished import load_finished, recipe_of
from convert.training.from_bundle import require_same_pixels
from convert.training.recipe import Recipe, RecipeError, TeacherTable
from convert.training.sampling import sampling_weights
from convert.training.torch_kernels import use_fused_kernels
from edge.vision.crops import Colour

log = logging.getLogger(__name__)


def taught(prepared: Prepared, recipe: Recipe, data: Path, teachers: Sequence[Path]) -> Prepared:
    """``prepared`` with the targets that the networks in the folders ``teachers`` give.

    The recipe's photos without labels are added to the training crops; the class of one is the likeliest, which
    decides how often it is drawn.  What validates is left alone.  Where the teachers are to see the augmented crops,
    their part of the targets is left out: the rows sum to the label's part.

    Raises:
        RecipeError: no table ``[teacher]``, or a teacher that isn't one for this recipe's crops and classes.
        DataError: a folder holds no photos, or nothing is found in them.
    """
    use_fused_kernels()
    table = _table_of(recipe)
    networks = [_load(folder, recipe) for folder in teachers]
    labelled, now = prepared.train, table.sees == "plain"
    known = (1 - table.weight) * one_hot(labelled.targets, len(labelled.labels))
    if now:
        known += table.weight * _probabilities(networks, labelled, prepared, recipe)
    parts, soft_targets = [labelled], [known.astype(np.float32)]
    for folder in table.unlabelled:
        found = _faces_below(data / folder, labelled.labels, recipe.input.whole, recipe.input.colour)
        probabilities = _probabilities(networks, found, prepared, recipe)
        parts.append(replace(found, targets=probabilities.argmax(axis=1)))
        soft_targets.append(probabilities if now else np.zeros_like(probabilities))
        log.info("%s: %d crops without labels, taught as %s", folder, len(found), parts[-1].counts())
    train = concatenate(parts)
    weights = sampling_weights(train, recipe.sampling) if recipe.sampling else None
    return replace(prepared, train=train, weights=weights, soft_targets=np.concatenate(soft_targets))


def _table_of(recipe: Recipe) -> TeacherTable:
    if recipe.teacher is None:
        raise RecipeError("--teacher: needs the recipe's table [teacher], which says how much a teacher counts")
    if recipe.teacher.unlabelled and recipe.task != "emotion":
        raise RecipeError(
            f"teacher.unlabelled: photos without labels are searched for faces as the task emotion sees them, "
            f"not for {recipe.task!r}; leave it out"
        )
    return recipe.teacher


def _load(folder: Path, recipe: Recipe) -> keras.Model:
    """The teacher in ``folder``, as a network of whole crops, of which it may see the middle only."""
    network = load_finished(folder, "--teacher")
    known = recipe_of(folder, "--teacher").input
    require_same_pixels(folder, "--teacher", known, recipe.input)
    if known.margin:
        side = known.whole
        network = keras.Sequential(
            [keras.Input((side, side, known.channels)), keras.layers.Cropping2D(known.margin), network]
        )
    side = recipe.input.whole
    wanted = (None, side, side, recipe.input.channels), (None, len(recipe.labels))
    received = tuple(network.input_shape), tuple(network.output_shape)
    if wanted != received:
        raise RecipeError(
            f"--teacher {folder}: must take crops {wanted[0][1:]}, its margin included, and give {wanted[1][1]} "
            f"classes as the recipe's network does, received {received[0][1:]} and {received[1][-1]}"
        )
    return network


def _probabilities(
    networks: Sequence[keras.Model], images: LabelledImages, prepared: Prepared, recipe: Recipe
) -> NDArray[np.float32]:
    """The networks' mean over whole crops and, where training mirrors too, their mirror images."""
    crops = prepared.as_on_the_device(images, recipe.input.whole, seed=0)
    views = [crops]
    if recipe.augment.mirror:
        views.append(replace(crops, images=np.ascontiguousarray(crops.images[:, :, ::-1])))
    batches = [PlainBatches(view, recipe) for view in views]
    answers = [network.predict(batch, verbose=0)[: len(images)] for network in networks for batch in batches]
    return np.mean([_softmax(logits) for logits in answers], axis=0)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _faces_below(folder: Path, labels: tuple[str, ...], size: int, colour: Colour) -> LabelledImages:
    pictures = [Picture(file, labels[0], str(file.relative_to(folder))) for file in all_image_files(folder)]
    return cut_out(folder, pictures, labels, EveryFace(size), colour)
