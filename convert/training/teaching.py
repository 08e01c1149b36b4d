"""Learning beside teachers that look at the same augmented pixels, in every batch anew.

The network in training has the one that learns and its teachers side by side, on the same canvas; each crops the part
that it sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from convert.training.checkpoint import Arrays, values_of
from convert.training.datasets import Prepared
from convert.training.finished import digest, load_finished, recipe_of
from convert.training.network import build_network, make_optimiser
from convert.training.recipe import Recipe, RecipeError
from convert.training.trainee import ClassifierTrainee


class TaughtTrainee(ClassifierTrainee):
    """Tells classes apart as its teachers do, and as the labels say by their part."""

    def __init__(self, recipe: Recipe, prepared: Prepared, teachers: Sequence[Path]) -> None:
        """``teachers``: folders of finished trainings, or bundles; ``prepared`` has their part of the targets left out.

        Raises:
            RecipeError: a teacher sees more than the canvases of the recipe show.
        """
        super().__init__(recipe, prepared)
        self._known = [_Known(folder, recipe) for folder in teachers]
        self.teachers = [digest(known.weights) for known in self._known]

    def compiled(self, steps_per_epoch: int) -> keras.Model:
        size, channels = self.recipe.input.train_size, self.recipe.input.channels
        canvas = keras.Input((size, size, channels), name="canvas")
        logits = build_network(self.recipe, None)(_middle(canvas, self.recipe.input.margin))
        answers = [ops.softmax(known.logits(canvas, number)) for number, known in enumerate(self._known)]
        mean = layers.Average()(answers) if len(answers) > 1 else answers[0]
        network = keras.Model(canvas, layers.Concatenate(dtype="float32")([logits, mean]), name="taught")
        table = self.recipe.optimiser
        network.compile(
            optimizer=make_optimiser(table, steps_per_epoch),
            loss=TaughtCrossEntropy(table.label_smoothing),
            metrics=[Agreement(name="accuracy")],
        )
        return network

    def kept_part(self, network: keras.Model) -> keras.Model:
        return network.get_layer(self.recipe.task)

    def seen(self, canvases: NDArray[np.float32]) -> NDArray[np.float32]:
        margin = self.recipe.input.margin
        within = slice(margin, canvases.shape[1] - margin)
        return canvases[:, within, within]


class TaughtCrossEntropy(keras.losses.Loss):
    """Cross entropy between ``(n, classes)`` targets that lack the teachers' part and logits beside their answers.

    A prediction ``(n, 2 classes)`` holds the logits, then the teachers' mean probabilities.  What a row of the targets
    lacks to 1 is theirs.
    """

    def __init__(self, label_smoothing: float) -> None:
        super().__init__(name="taught_cross_entropy")
        self._smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """``(n,)``."""
        logits, _ = _apart(y_pred)
        return keras.losses.categorical_crossentropy(
            completed(y_true, y_pred), logits, from_logits=True, label_smoothing=self._smoothing
        )


class Agreement(keras.metrics.CategoricalAccuracy):
    """How often the likeliest class is that of the label and the teachers together."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count the batch's."""
        logits, _ = _apart(y_pred)
        super().update_state(completed(y_true, y_pred), logits, sample_weight)


def completed(targets: Any, prediction: Any) -> Any:
    """The ``targets`` ``(n, classes)`` with the teachers' part, which ``prediction`` ``(n, 2 classes)`` holds."""
    _, answers = _apart(prediction)
    targets = ops.cast(targets, answers.dtype)
    return targets + (1 - ops.sum(targets, axis=-1, keepdims=True)) * ops.stop_gradient(answers)


def _apart(prediction: Any) -> list[Any]:
    return ops.split(prediction, 2, axis=-1)


def _middle(canvas: Any, margin: int) -> Any:
    return layers.Cropping2D(margin)(canvas) if margin else canvas


class _Known:
    """A teacher's weights and recipe; its network is built under the dtype policy of the training."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.weights: Arrays = values_of(load_finished(folder, "--teacher").weights)
        self._recipe = recipe_of(folder, "--teacher")
        beyond = self._recipe.input.whole - recipe.input.train_size
        if beyond > 0:
            raise RecipeError(
                f"input.train_size: the teacher {folder} sees crops of {self._recipe.input.whole} pixels, its margin "
                f"included, so that training pictures must be as wide, received {recipe.input.train_size}"
            )

    def logits(self, canvas: Any, number: int) -> Any:
        """The answers ``(n, classes)`` to ``canvas`` of the teacher with this ``number``."""
        network = build_network(self._recipe, None)
        network.set_weights(self.weights)
        network.trainable = False
        network.name = f"teacher{number}"
        return network(_middle(canvas, self._recipe.input.margin), training=False)
