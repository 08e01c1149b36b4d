"""A finished network, where another training takes it up: as its teacher, or as its beginning."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import keras
import numpy as np
from pydantic import ValidationError

from convert.training.checkpoint import Arrays, values_of
from convert.training.from_bundle import bundle_network, bundle_recipe, is_bundle
from convert.training.identity.recipe import IdentityRecipe
from convert.training.narrow import narrowed
from convert.training.recipe import Recipe, RecipeError
from convert.training.report import REPORT_FILE

NETWORK_FILE = "network.keras"

log = logging.getLogger(__name__)


def load_finished(folder: Path, option: str, name: str = NETWORK_FILE) -> keras.Model:
    """The network ``name`` of the training in ``folder``, which the command line's ``option`` names; or a bundle's.

    Raises:
        RecipeError: there is none.
    """
    if is_bundle(folder):
        return bundle_network(folder, option)
    file = folder / name
    try:
        return keras.models.load_model(file, compile=False)
    except (OSError, ValueError) as error:
        raise RecipeError(f"{option} {folder}: no network of a finished training in {file} ({error})") from error


def recipe_of(folder: Path, option: str) -> Recipe:
    """By what the network in ``folder``, a classifier's training or bundle that ``option`` names, was trained.

    Raises:
        RecipeError: that isn't told there.
    """
    if is_bundle(folder):
        recipe = bundle_recipe(folder, option)
        if isinstance(recipe, IdentityRecipe):
            raise RecipeError(f"{option} {folder}: this bundle's network tells faces apart and knows no classes")
        return recipe
    file = folder / REPORT_FILE
    try:
        return Recipe.model_validate(json.loads(file.read_text("utf-8"))["recipe"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RecipeError(
            f"{option} {folder}: {file} must tell by which recipe the network was trained, as it does after a "
            f"classifier's training ({_reason(error)})"
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'recipe'}: {first['msg']}"
    return repr(error)


def initial_weights(folder: Path) -> Arrays:
    """Those of the network of the finished training or bundle in ``folder``, for ``--initial``.

    Raises:
        RecipeError: there is none.
    """
    return values_of(load_finished(folder, "--initial").weights)


def mean_weights(several: Sequence[Arrays]) -> Arrays:
    """The mean of the weights of ``several`` networks of one kind, which began alike (Wortsman et al., 2022).

    Raises:
        RecipeError: they aren't of one kind.
    """
    shapes = [[array.shape for array in weights] for weights in several]
    if any(others != shapes[0] for others in shapes):
        raise RecipeError(
            f"--initial: several trainings must be of the same network, as their mean is taken; received weights of "
            f"{', '.join(str(sum(map(prod, those))) for those in shapes)} numbers, or of other shapes"
        )
    return [np.mean(arrays, axis=0, dtype=arrays[0].dtype) for arrays in zip(*several, strict=True)]


def digest(weights: Arrays) -> str:
    """SHA-256 of the ``weights``."""
    return hashlib.sha256(b"".join(array.tobytes() for array in weights)).hexdigest()


HEAD = 2
"""The last arrays of a classifier's weights: kernel and bias of its logits."""


class InitialWeights(keras.callbacks.Callback):
    """Begins with ``weights`` in ``part`` of the network: not earlier, as Keras itself first tries it on a batch.

    Where only the number of labels differs, the logits begin anew, and what sees begins with the ``weights``.  Of a
    network that is wider inside its blocks the channels that matter most are taken.
    """

    def __init__(self, part: keras.Model, weights: Arrays) -> None:
        """Check that the ``weights`` are of such a network.

        Raises:
            RecipeError: they are of another one.
        """
        super().__init__()
        weights = narrowed(part, weights)
        expected, received = [tuple(weight.shape) for weight in part.weights], [array.shape for array in weights]
        if expected[:-HEAD] != received[:-HEAD] or len(expected) != len(received):
            raise RecipeError(
                f"--initial: must be a training of the recipe's own network, {len(expected)} arrays of "
                f"weights; received {len(received)}, or others of their shapes"
            )
        self._part, self._weights = part, weights
        if expected != received:
            log.info("--initial: has another number of labels: the last layer begins anew")
            self._weights = [*weights[:-HEAD], *values_of(part.weights[-HEAD:])]

    def on_train_begin(self, logs: Any = None) -> None:
        self._part.set_weights(self._weights)
